import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { lookAt, photograph } from './support/look.mjs'
import { ADA, fillIn, startWorld } from './support/world.mjs'

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

let world
let profile

before(async () => {
  world = await startWorld('browser-device')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = undefined
})
afterEach(() => profile?.close())

async function post(path, form) {
  const body = new URLSearchParams({ client_id: 'television', ...form })
  const response = await fetch(`${world.issuer}/protocol/openid-connect/${path}`, { method: 'POST', body })
  return { status: response.status, ...(await response.json()) }
}

const begin = () => post('auth/device', { scope: 'openid profile offline_access' })
const poll = ({ device_code }) => post('token', { grant_type: GRANT, device_code })

test('a person connects a device, and is asked to compare the code', async () => {
  profile = await openProfile(world.browser)
  const page = await profile.newPage()
  const device = await begin()
  await page.goto(device.verification_uri)
  await lookAt(page, 'device')
  await page.locator('input[name=user_code]').fill('BBBB-BBBB')
  await page.locator('button[name=continue]').click()
  await page.getByRole('alert').waitFor()
  await lookAt(page, 'device-unknown')

  await page.goto(device.verification_uri_complete)
  assert.equal(await page.locator('input[name=user_code]').inputValue(), device.user_code)
  await page.locator('button[name=continue]').click()
  await fillIn(page, ADA)
  await page.locator('button[name=accept]').waitFor()
  const words = await page.locator('main').innerText()
  assert.match(words, /Connect Television on your device\?/)
  assert.ok(words.includes(device.user_code), words)
  await lookAt(page, 'device-confirm')
  assert.equal((await poll(device)).error, 'authorization_pending')
  await page.locator('button[name=accept]').click()
  await page.getByRole('heading', { name: 'Your device is connected' }).waitFor()
  await lookAt(page, 'device-connected')

  assert.equal((await poll(device)).token_type, 'Bearer')
})

test('another site shows the picture of the address', async () => {
  profile = await openProfile(world.browser)
  const page = await profile.newPage()
  const { user_code } = await begin()
  await page.goto(`${world.application.origin}/`)
  const source = `${world.issuer}/device/qr?user_code=${user_code}`
  const width = await page.evaluate(async (src) => {
    const image = new Image()
    image.src = src
    await image.decode()
    document.body.replaceChildren(image)
    return image.naturalWidth
  }, source)
  assert.ok(width >= 240, `${width} px`)
  await photograph(page, 'device-qr')
})

test('without script it works as well, and cancelling is told to the device', async () => {
  profile = await openProfile(world.browser, { javaScriptEnabled: false })
  const page = await profile.newPage()
  const device = await begin()
  await page.goto(device.verification_uri)
  await page.locator('input[name=user_code]').fill(device.user_code.toLowerCase())
  await page.locator('button[name=continue]').click()
  await fillIn(page, ADA)
  await photograph(page, 'without-script-device-confirm')
  await page.locator('button[name=cancel]').click()
  await page.getByRole('heading', { name: 'Your device was not connected' }).waitFor()

  assert.equal((await poll(device)).error, 'access_denied')
})
