// oidc-client-ts, unmodified, on another site than the issuer.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { startSecureWorld } from './support/secure-world.mjs'
import { ADA, fillIn } from './support/world.mjs'

let world
let profile

before(async () => {
  world = await startSecureWorld('browser-oidc-client-ts')
})
after(() => world?.stop())
afterEach(() => profile?.close())

async function open() {
  const page = await profile.newPage()
  await page.goto(`${world.origin}/oidc-client.html`)
  await outcome(page)
  return page
}

async function outcome(page) {
  await page.waitForURL(`${world.origin}/oidc-client.html*`)
  const handle = await page.waitForFunction(() => window.outcome)
  return handle.jsonValue()
}

async function signIn() {
  const page = await open()
  await page.evaluate(() => void window.manager.signinRedirect())
  await page.waitForURL(`${world.issuer}/login/**`)
  await fillIn(page, ADA)
  const { user } = await outcome(page)
  assert.equal(user.name, 'Ada Byron')
  return page
}

/** Renews silently; what it came to. */
function renew(page, way) {
  return page.evaluate(
    (way) => window.manager.signinSilent(way).then(
      (user) => ({ token: user.access_token, name: user.profile.name }),
      (error) => ({ failed: error.error ?? String(error) }),
    ),
    way,
  )
}

const tokenOf = (page) => page.evaluate(async () => (await window.manager.getUser()).access_token)

// Without third-party cookies the frame of the issuer cannot know.
const MONITOR_SAYS = { allowed: 'unchanged', blocked: 'error' }

for (const thirdPartyCookies of ['allowed', 'blocked']) {
  describe(`third-party cookies ${thirdPartyCookies}`, () => {
    test('a person signs in by redirect, and tokens are renewed by the refresh token', async () => {
      profile = await world.profile(thirdPartyCookies)
      const page = await signIn()
      const before = await tokenOf(page)

      const renewed = await renew(page, {})

      assert.equal(renewed.name, 'Ada Byron')
      assert.notEqual(renewed.token, before)
    })

    test('whoever stays is not signed out by the monitor of the session', async () => {
      profile = await world.profile(thirdPartyCookies)
      const page = await signIn()

      // Three answers are two intervals.
      await page.waitForFunction(() => window.heard.length >= 3)

      assert.deepEqual([...new Set(await page.evaluate(() => window.heard))], [MONITOR_SAYS[thirdPartyCookies]])
      assert.deepEqual(await page.evaluate(() => window.happened), [])
      assert.equal(await page.evaluate(async () => (await window.manager.getUser()).profile.name), 'Ada Byron')
    })

    test('signing out comes back, and nobody is signed in any more', async () => {
      profile = await world.profile(thirdPartyCookies)
      const page = await signIn()

      await page.evaluate(() => void window.manager.signoutRedirect())

      await page.waitForFunction(() => window.outcome?.user === null)
      await page.evaluate(() => void window.manager.signinRedirect({ prompt: 'none' }))
      await page.waitForFunction(() => window.outcome?.failed)
      assert.deepEqual(await outcome(page), { failed: 'login_required' })
    })
  })
}

test('tokens are renewed silently through a frame', async () => {
  profile = await world.profile('allowed')
  const page = await signIn()
  const before = await tokenOf(page)

  const renewed = await renew(page, { forceIframeAuth: true })

  assert.equal(renewed.name, 'Ada Byron')
  assert.notEqual(renewed.token, before)
})

test('a silent renewal through a frame without third-party cookies is refused with login_required', async () => {
  profile = await world.profile('blocked')
  const page = await signIn()

  assert.deepEqual(await renew(page, { forceIframeAuth: true }), { failed: 'login_required' })
})

test('signing out in another tab is noticed while the session is monitored', async () => {
  profile = await world.profile('allowed')
  const page = await signIn()
  assert.notEqual(await page.evaluate(async () => (await window.manager.getUser()).session_state ?? null), null)
  const other = await profile.newPage()

  await other.goto(`${world.issuer}/protocol/openid-connect/logout`)
  await other.locator('button[name=logout]').click()

  await page.waitForFunction(() => window.happened.includes('signed out'))
})
