import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { photograph } from './support/look.mjs'
import { ADA, fillIn, personAt, startWorld } from './support/world.mjs'

let world
let profile
let page

before(async () => {
  world = await startWorld('browser-without-script')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = await openProfile(world.browser, { javaScriptEnabled: false })
  page = await profile.newPage()
})
afterEach(() => profile?.close())

function start(parameters = {}) {
  return page.goto(`${world.application.origin}/start?${new URLSearchParams(parameters)}`)
}

test('signing in works', async () => {
  await start()
  await photograph(page, 'without-script-login')
  await fillIn(page, ADA)

  assert.equal((await personAt(page)).email, ADA.username)
})

test('a wrong password is said', async () => {
  await start()
  await fillIn(page, { ...ADA, password: 'not-her-password' })

  await page.getByRole('alert').first().waitFor()
  assert.equal(await page.locator('input[name=username]').inputValue(), ADA.username)
  await photograph(page, 'without-script-wrong-password')
})

test('form_post has a button', async () => {
  await start({ response_mode: 'form_post' })
  await fillIn(page, ADA)
  await page.waitForSelector(`form[action="${world.application.origin}/callback"]`)
  await photograph(page, 'without-script-form-post')
  await page.locator('button[type=submit], button:not([type]), input[type=submit]').first().click()

  assert.equal((await personAt(page)).email, ADA.username)
})

test('consent works', async () => {
  await start({ client: 'partner', prompt: 'consent' })
  await fillIn(page, ADA)
  await photograph(page, 'without-script-consent')
  await page.locator('button[name=accept]').click()

  assert.equal((await personAt(page)).email, ADA.username)
})

test('signing out works', async () => {
  await start()
  await fillIn(page, ADA)
  await personAt(page)
  await page.goto(`${world.issuer}/protocol/openid-connect/logout`)
  await page.locator('button[name=logout]').click()

  await page.getByText('You are signed out').first().waitFor()
  await start({ prompt: 'none' })
  assert.equal(await page.locator('#error').textContent(), 'login_required')
})
