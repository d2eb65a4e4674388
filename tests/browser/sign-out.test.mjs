import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { lookAt } from './support/look.mjs'
import { ADA, fillIn, personAt, startWorld } from './support/world.mjs'

let world
let profile
let page

before(async () => {
  world = await startWorld('browser-sign-out')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = await openProfile(world.browser)
  page = await profile.newPage()
  await page.goto(`${world.application.origin}/start`)
  await fillIn(page, ADA)
  await personAt(page)
})
afterEach(() => profile?.close())

async function assertSignedOut() {
  await page.goto(`${world.application.origin}/start?prompt=none`)
  assert.equal(await page.locator('#error').textContent(), 'login_required')
}

test('signing out from the application ends the session and comes back', async () => {
  await page.getByRole('link', { name: 'Sign out' }).click()

  await page.waitForURL(`${world.application.origin}/signed-out*`)
  assert.equal(await page.locator('#query').textContent(), '?state=kept')
  await assertSignedOut()
})

test('signing out without a hint asks first', async () => {
  await page.goto(`${world.issuer}/protocol/openid-connect/logout`)
  assert.match(await page.locator('body').innerText(), /Do you want to sign out\?/)
  await lookAt(page, 'logout-confirm')

  await page.locator('button[name=logout]').click()

  await page.getByText('You are signed out').first().waitFor()
  await lookAt(page, 'signed-out')
  await assertSignedOut()
})

test('an application hears in a frame that its person signed out, before the person goes on', async () => {
  await page.goto(`${world.application.origin}/start?client=listener`)
  const { sid } = await personAt(page)
  await page.getByRole('link', { name: 'Sign out' }).click()

  await page.waitForURL(`${world.application.origin}/signed-out*`)
  assert.deepEqual(world.application.heard, [{ iss: world.issuer, sid }])
  assert.equal(await page.locator('#query').textContent(), '?state=kept')
  await assertSignedOut()
})

test('the confirmation posted from another tab after signing out is explained', async () => {
  await page.goto(`${world.issuer}/protocol/openid-connect/logout`)
  const other = await profile.newPage()
  await other.goto(`${world.issuer}/protocol/openid-connect/logout`)
  await other.locator('button[name=logout]').click()
  await other.getByText('You are signed out').first().waitFor()

  const answered = page.waitForResponse((response) => response.request().isNavigationRequest())
  await page.locator('button[name=logout]').click()

  assert.ok((await answered).status() < 500)
  await page.waitForLoadState()
  assert.notEqual((await page.locator('body').innerText()).trim(), '')
})
