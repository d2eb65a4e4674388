// keycloak-js, unmodified and with its default options, on another site than the issuer.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, test } from 'node:test'
import { startSecureWorld } from './support/secure-world.mjs'
import { ADA, fillIn } from './support/world.mjs'

let world
let profile

before(async () => {
  world = await startSecureWorld('browser-keycloak-js')
})
after(() => world?.stop())
afterEach(() => profile?.close())

/** Opens the application with these options of `init`. */
async function open(options = {}) {
  const page = await profile.newPage()
  await page.addInitScript((options) => (window.initOptions = options), options)
  await page.goto(`${world.origin}/keycloak.html`)
  return page
}

/** What `init` came to, at the page where it comes to something. */
async function outcome(page) {
  await page.waitForURL(`${world.origin}/keycloak.html*`)
  const handle = await page.waitForFunction(() => window.outcome)
  return handle.jsonValue()
}

async function signIn(options) {
  const page = await open({ onLoad: 'login-required', ...options })
  await page.waitForURL(`${world.issuer}/login/**`)
  await fillIn(page, ADA)
  assert.deepEqual(await outcome(page), { authenticated: true })
  return page
}

/** keycloak-js asks for `openid` alone, unless told otherwise. */
const WITH_CLAIMS = { scope: 'openid profile email' }

const claims = (page) => page.evaluate(() => window.keycloak.idTokenParsed)
/** Signs out, which leaves the page: after the page has answered that it will. */
function signOut(page, options) {
  return page.evaluate((options) => void setTimeout(() => window.keycloak.logout(options)), options)
}

const silentPage = () => `${world.origin}/silent-check-sso.html`

for (const thirdPartyCookies of ['allowed', 'blocked']) {
  describe(`third-party cookies ${thirdPartyCookies}`, () => {
    test('login-required signs a person in, and the address is clean again', async () => {
      profile = await world.profile(thirdPartyCookies)
      const page = await signIn()

      const { iss, sid } = await claims(page)
      assert.deepEqual([iss, await page.evaluate(() => window.keycloak.sessionId)], [world.issuer, sid])
      assert.equal(page.url(), `${world.origin}/keycloak.html`)
      assert.deepEqual(await page.evaluate(() => window.happened), ['onAuthSuccess'])
    })

    test('check-sso finds nobody, and shows no sign-in page', async () => {
      profile = await world.profile(thirdPartyCookies)
      const page = await open({ onLoad: 'check-sso' })

      assert.deepEqual(await outcome(page), { authenticated: false })
    })

    test('check-sso finds who is signed in already', async () => {
      profile = await world.profile(thirdPartyCookies)
      const { sid } = await claims(await signIn())
      const page = await open({ onLoad: 'check-sso' })

      assert.deepEqual(await outcome(page), { authenticated: true })
      assert.equal((await claims(page)).sid, sid)
    })

    test('a token is refreshed, and userinfo read', async () => {
      profile = await world.profile(thirdPartyCookies)
      const page = await signIn(WITH_CLAIMS)
      const before = await page.evaluate(() => window.keycloak.token)

      assert.equal(await page.evaluate(() => window.keycloak.updateToken(-1)), true)

      assert.notEqual(await page.evaluate(() => window.keycloak.token), before)
      const person = await page.evaluate(() => window.keycloak.loadUserInfo())
      assert.deepEqual([person.email, person.name], [ADA.username, 'Ada Byron'])
      assert.deepEqual(await page.evaluate(() => window.happened), ['onAuthSuccess', 'onAuthRefreshSuccess'])
    })

    for (const logoutMethod of ['GET', 'POST']) {
      test(`logout by ${logoutMethod} ends the session and comes back`, async () => {
        profile = await world.profile(thirdPartyCookies)
        const page = await signIn()
        const redirectUri = `${world.origin}/keycloak.html`
        await page.addInitScript(() => (window.initOptions = { onLoad: 'check-sso' }))

        await signOut(page, { logoutMethod, redirectUri })

        await page.waitForFunction(() => window.outcome?.authenticated === false)
        assert.deepEqual(await outcome(page), { authenticated: false })
      })
    }
  })
}

test('silent check-sso finds who is signed in without leaving the page', async () => {
  profile = await world.profile('allowed')
  await signIn()
  const left = []
  const page = await profile.newPage()
  page.on('framenavigated', (frame) => frame === page.mainFrame() && left.push(frame.url()))
  await page.addInitScript((options) => (window.initOptions = options), {
    onLoad: 'check-sso',
    silentCheckSsoRedirectUri: silentPage(),
  })
  await page.goto(`${world.origin}/keycloak.html`)

  assert.deepEqual(await outcome(page), { authenticated: true })
  assert.deepEqual(left, [`${world.origin}/keycloak.html`])
})

test('silent check-sso without third-party cookies is answered login_required, not by a page', async () => {
  profile = await world.profile('blocked')
  await signIn()
  const page = await profile.newPage()
  const answers = []
  page.on('framenavigated', (frame) => frame !== page.mainFrame() && answers.push(frame.url()))
  await page.addInitScript((options) => (window.initOptions = options), {
    onLoad: 'check-sso',
    silentCheckSsoRedirectUri: silentPage(),
    silentCheckSsoFallback: false,
  })
  await page.goto(`${world.origin}/keycloak.html`)

  assert.deepEqual(await outcome(page), { authenticated: false })
  assert.ok(answers.some((url) => url.startsWith(silentPage()) && url.includes('error=login_required')), answers)
})

test('signing out in another tab is noticed by the session frame', async () => {
  profile = await world.profile('allowed')
  const page = await signIn({ checkLoginIframeInterval: 1 })
  const other = await open({ onLoad: 'check-sso' })
  await outcome(other)

  await signOut(other)

  // An application that requires a sign-in asks for one at once.
  await page.waitForURL(`${world.issuer}/login/**`)
})

test('the session frame says unchanged while nothing has changed', async () => {
  profile = await world.profile('allowed')
  const page = await signIn({ checkLoginIframeInterval: 1 })
  const asked = await page.evaluate(
    () => new Promise((settle) => {
      const said = []
      addEventListener('message', ({ data }) => {
        said.push(data)
        if (said.length === 2) settle(said)
      })
    }),
  )

  assert.deepEqual(asked, ['unchanged', 'unchanged'])
  assert.equal(await page.evaluate(() => window.keycloak.authenticated), true)
})
