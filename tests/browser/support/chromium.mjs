// Chromium, strictly: every console error, uncaught exception, blocked resource and policy violation fails the test
// in which it happened.

import assert from 'node:assert/strict'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium } from 'playwright-core'

const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const FLAGS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const SCREEN = { locale: 'en-GB', viewport: { width: 1440, height: 900 } }
const STATUS_LINE = /^Failed to load resource: the server responded with a status of 4\d\d/

/** Starts the browser that the machine has. */
export async function launch() {
  return chromium.launch({ executablePath: await executable(), args: FLAGS })
}

async function executable() {
  const candidates = process.env.PALATINE_CHROMIUM ? [process.env.PALATINE_CHROMIUM] : CANDIDATES
  for (const candidate of candidates) {
    if (await access(candidate).then(() => true, () => false)) return candidate
  }
  throw new Error(`no browser at ${candidates.join(', ')}; \`make setup\` installs one`)
}

/**
 * One person's browser profile. The test ends with `close`, which also reports what went wrong in any of its pages.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function openProfile(browser, options = {}) {
  return watched(await browser.newContext({ ...SCREEN, ...options }))
}

/**
 * A browser of its own with a profile on disk, as people have one: only such a profile can be told whether to let
 * third-party cookies through. Every `*.example` is this machine.
 *
 * @param {{thirdPartyCookies: 'allowed' | 'blocked', trustedKey: string}} options  `trustedKey`: the hash of the key
 *   whose certificates are trusted
 */
export async function openStoredProfile({ thirdPartyCookies, trustedKey }) {
  const folder = await mkdtemp(join(tmpdir(), 'palatine-profile-'))
  const preferences = { profile: { cookie_controls_mode: { allowed: 0, blocked: 1 }[thirdPartyCookies] } }
  await mkdir(join(folder, 'Default'))
  await writeFile(join(folder, 'Default', 'Preferences'), JSON.stringify(preferences))
  const context = await chromium.launchPersistentContext(folder, {
    ...SCREEN,
    executablePath: await executable(),
    args: [...FLAGS, '--host-resolver-rules=MAP *.example 127.0.0.1', `--ignore-certificate-errors-spki-list=${trustedKey}`],
  })
  return watched(context, () => rm(folder, { recursive: true, force: true }))
}

/** Keeps what goes wrong in a profile's pages, for `close` to report. */
function watched(context, release = async () => {}) {
  context.setDefaultTimeout(15_000)
  const problems = []
  const refusedPages = new Set()
  context.on('response', (response) => {
    if (response.status() >= 400 && response.request().isNavigationRequest()) refusedPages.add(response.url())
  })
  context.on('console', (message) => {
    const { url } = message.location()
    if (message.type() === 'error') problems.push({ text: message.text(), url })
  })
  context.on('weberror', (error) => problems.push({ text: `uncaught: ${error.error()}`, url: error.page()?.url() }))
  context.on('requestfailed', (request) => {
    const reason = request.failure()?.errorText
    // A navigation that another one replaced; a script that submits a form does that to its own page.
    if (reason === 'net::ERR_ABORTED') return
    problems.push({ text: `${request.method()} failed: ${reason}`, url: request.url() })
  })
  return {
    context,
    newPage: () => context.newPage(),
    async close() {
      await context.close()
      await release()
      // Chromium logs the status of a refused page as an error of that page. The tests look at such statuses
      // themselves; the same line about a stylesheet, a script or a picture is a fault.
      const faults = problems.filter(({ text, url }) => !(STATUS_LINE.test(text) && refusedPages.has(url)))
      assert.deepEqual(faults, [], 'the browser complained')
    },
  }
}
