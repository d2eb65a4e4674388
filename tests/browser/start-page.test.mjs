import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { startServer } from '../support/server.mjs'
import { launch, openProfile } from './support/chromium.mjs'
import { lookAt } from './support/look.mjs'
import { DEV_USER, fillIn } from './support/world.mjs'

const DEMO_REALMS = ['dev', 'acme-corp', 'widgets-inc']

let server
let browser
let profile
let page

before(async () => {
  server = await startServer('browser-start-page')
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await server?.stop()
})
beforeEach(async () => {
  profile = await openProfile(browser)
  page = await profile.newPage()
})
afterEach(() => profile?.close())

test('the start page lists every realm with its issuer and its clients', async () => {
  const answer = await page.goto(`${server.publicUrl}/`)

  assert.equal(answer.status(), 200)
  const text = await page.locator('body').innerText()
  for (const realm of DEMO_REALMS) assert.ok(text.includes(server.issuer(realm)), realm)
  for (const client of ['test-app', 'mobile-app', 'notification-service', 'acme-app', 'widgets-app']) {
    assert.ok(text.includes(client), client)
  }
  await lookAt(page, 'start-page')
})

test('its test client signs in and shows verified tokens', async () => {
  await page.goto(`${server.publicUrl}/`)
  const dev = page.locator('section').filter({ hasText: server.issuer('dev') })
  await dev.getByRole('link', { name: 'Sign in' }).click()
  await page.waitForURL(`${server.issuer('dev')}/login/**`)
  await fillIn(page, DEV_USER)
  await page.getByRole('heading', { level: 1, name: /Signed in as/ }).waitFor()

  assert.ok((await page.locator('.verdicts .passed').count()) > 0)
  assert.deepEqual(await page.locator('.verdicts .failed').allInnerTexts(), [])
  const text = await page.locator('body').innerText()
  for (const shown of [server.issuer('dev'), 'palatine-dev', 'at+jwt', DEV_USER.username]) {
    assert.ok(text.includes(shown), shown)
  }
  await lookAt(page, 'start-page-tokens')
})
