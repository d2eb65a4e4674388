// Looks at a page as people with other screens, other colours and other senses do.

import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import AxeBuilder from '@axe-core/playwright'

const OUT = fileURLToPath(new URL('../out', import.meta.url))
const WIDTHS = [360, 768, 1440]
const SCHEMES = ['light', 'dark']

/**
 * Takes a picture at every width and colour scheme into `out/`, runs axe on each, and checks that nothing sticks out
 * of the screen.
 *
 * @param {import('playwright-core').Page} page
 * @param {string} name  names the pictures
 */
export async function lookAt(page, name) {
  await mkdir(OUT, { recursive: true })
  const before = page.viewportSize()
  for (const colorScheme of SCHEMES) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const width of WIDTHS) {
      const where = `${name} at ${width} px, ${colorScheme}`
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({ path: join(OUT, `${name}-${width}-${colorScheme}.png`), fullPage: true })
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      assert.ok(overflow <= 0, `${where}: ${overflow} px stick out to the side`)
      assert.deepEqual(await violationsOf(page), [], where)
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  await page.setViewportSize(before)
}

/** A picture alone, for pages that cannot run axe because script is off. */
export async function photograph(page, name) {
  await mkdir(OUT, { recursive: true })
  await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true })
}

async function violationsOf(page) {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`)
}
