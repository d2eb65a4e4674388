import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { ADA, fillIn, personAt, startWorld } from './support/world.mjs'

// The issuer is http here, so its cookies stay on its own site: the monitor's page is another origin of that site. From
// another site it sees nothing, and says so.

let world
let profile
let page

before(async () => {
  world = await startWorld('browser-session-frames')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = await openProfile(world.browser)
  page = await profile.newPage()
})
afterEach(() => profile?.close())

/** Signs in at the application, and says which session that is. */
async function signIn() {
  await page.goto(`${world.application.origin}/start`)
  await fillIn(page, ADA)
  return (await personAt(page)).sid
}

/** The `session_state` that the monitor's client gets in its answer. */
async function sessionState() {
  const asked = new URLSearchParams({
    client_id: 'monitor',
    redirect_uri: `${world.application.sameSiteOrigin}/monitor`,
    response_type: 'code',
    scope: 'openid',
    prompt: 'none',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  })
  await page.goto(`${world.issuer}/protocol/openid-connect/auth?${asked}`)
  return new URL(page.url()).searchParams.get('session_state')
}

/** What a frame of the issuer says, in a page of the application, when it is sent a message, or without one. */
async function said(origin, path, message) {
  await page.goto(`${origin}/monitor`)
  return page.evaluate(
    ({ url, message }) =>
      new Promise((settle) => {
        const frame = document.body.appendChild(document.createElement('iframe'))
        window.addEventListener('message', ({ source, data }) => source === frame.contentWindow && settle(data))
        frame.title = 'session'
        frame.addEventListener('load', () => {
          if (message !== null) frame.contentWindow.postMessage(message, new URL(url).origin)
        })
        frame.src = url
      }),
    { url: `${world.issuer}/protocol/openid-connect/${path}`, message },
  )
}

const about = (message, origin = world.application.sameSiteOrigin) => said(origin, 'login-status-iframe.html', message)

test('the session of the answer is unchanged until the person signs out', async () => {
  await signIn()
  const known = await sessionState()
  assert.equal(await about(`monitor ${known}`), 'unchanged')
  assert.equal(await about(`monitor ${known}x`), 'changed')

  await page.goto(`${world.issuer}/protocol/openid-connect/logout`)
  await page.locator('button[name=logout]').click()
  await page.getByText('You are signed out').first().waitFor()

  assert.equal(await about(`monitor ${known}`), 'changed')
})

test('a new sign-in is another session', async () => {
  await signIn()
  const known = await sessionState()
  await page.goto(`${world.application.origin}/start?prompt=login`)
  await fillIn(page, ADA)
  await personAt(page)
  assert.equal(await about(`monitor ${known}`), 'changed')
  assert.equal(await about(`monitor ${await sessionState()}`), 'unchanged')
})

test('keycloak-js asks with the sid, or with nothing before anybody signed in', async () => {
  assert.equal(await about('monitor '), 'unchanged')
  const sid = await signIn()
  assert.equal(await about(`monitor ${sid}`), 'unchanged')
  assert.equal(await about('monitor '), 'changed')
  assert.equal(await about('monitor 00000000-0000-0000-0000-000000000000'), 'changed')
})

test('what is no question is an error', async () => {
  await signIn()
  for (const message of ['', ' ', 'monitor', ' x', { client_id: 'monitor' }]) {
    assert.equal(await about(message), 'error', JSON.stringify(message))
  }
})

test('the probe says whether the browser keeps our cookies in the page', async () => {
  assert.equal(await said(world.application.sameSiteOrigin, '3p-cookies/step1.html', null), 'supported')
  assert.equal(await said(world.application.origin, '3p-cookies/step1.html', null), 'unsupported')
})

test('a page of another origin gets an error, whatever it asks', async () => {
  // A profile of its own: Chromium logs the refusal as an error of the page, where its developer should see it.
  const context = await world.browser.newContext()
  page = await context.newPage()
  await signIn()
  assert.equal(await about('monitor ', world.application.origin), 'error')
  assert.equal(await about('nobody '), 'error')
  await context.close()
})
