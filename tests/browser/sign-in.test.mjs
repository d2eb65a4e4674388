import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { openProfile } from './support/chromium.mjs'
import { lookAt } from './support/look.mjs'
import { ADA, fillIn, personAt, REALM, startWorld } from './support/world.mjs'

let world
let profile
let page

before(async () => {
  world = await startWorld('browser-sign-in')
})
after(() => world?.stop())
beforeEach(async () => {
  profile = await openProfile(world.browser)
  page = await profile.newPage()
})
afterEach(() => profile?.close())

function start(parameters = {}) {
  return page.goto(`${world.application.origin}/start?${new URLSearchParams(parameters)}`)
}

for (const mode of ['query', 'fragment', 'form_post']) {
  test(`a person signs in at an application of another site, answered by ${mode}`, async () => {
    await start({ response_mode: mode })
    assert.ok(page.url().startsWith(`${world.issuer}/login/`), page.url())
    await fillIn(page, ADA)

    const person = await personAt(page)

    assert.equal(person.email, ADA.username)
    assert.ok(page.url().startsWith(world.application.origin))
  })
}

test('a signed-in person is not asked again, whatever the way of the answer', async () => {
  await start()
  await fillIn(page, ADA)
  const { sid } = await personAt(page)

  for (const mode of ['query', 'fragment', 'form_post']) {
    await start({ response_mode: mode })
    assert.equal((await personAt(page)).sid, sid, mode)
  }
})

test('the sign-in page says where one is, and looks right everywhere', async () => {
  const answer = await start()

  assert.equal(answer.status(), 200)
  assert.match(await page.locator('h1').first().textContent(), /Sign in to .*Northwind/)
  assert.match(await page.locator('body').innerText(), /Billing/)
  assert.equal(await page.locator('input[name=username]').getAttribute('autocomplete'), 'username')
  assert.equal(await page.locator('input[name=password]').getAttribute('autocomplete'), 'current-password')
  await lookAt(page, 'login')
})

test('a wrong password is said on the page, and what was typed stays', async () => {
  await start()
  await fillIn(page, { ...ADA, password: 'not-her-password' })

  const summary = page.getByRole('alert').first()
  await summary.waitFor()
  assert.notEqual((await summary.innerText()).trim(), '')
  assert.equal(await page.locator('input[name=username]').inputValue(), ADA.username)
  assert.equal(await page.locator('input[name=password]').inputValue(), '')
  await lookAt(page, 'login-wrong-password')

  await fillIn(page, ADA)
  assert.equal((await personAt(page)).email, ADA.username)
})

test('unknown people and wrong passwords get the same words', async () => {
  const said = []
  for (const username of [ADA.username, 'nobody@northwind.example']) {
    await start()
    await fillIn(page, { username, password: 'not-the-password' })
    said.push(await page.getByRole('alert').first().innerText())
  }
  assert.equal(said[0], said[1])
})

test('one can sign in with the keyboard alone', async () => {
  await start()
  await page.locator('input[name=username]').focus()
  await page.keyboard.type(ADA.username)
  await page.keyboard.press('Tab')
  for (let presses = 0; presses < 4 && (await focused(page)) !== 'password'; presses += 1) {
    await page.keyboard.press('Tab')
  }
  assert.equal(await focused(page), 'password')
  await page.keyboard.type(ADA.password)
  await page.keyboard.press('Enter')

  assert.equal((await personAt(page)).email, ADA.username)
})

test('login_hint fills in who it is', async () => {
  await start({ login_hint: ADA.username })

  assert.equal(await page.locator('input[name=username]').inputValue(), ADA.username)
})

test('a very long identifier with markup in it breaks nothing', async () => {
  const hostile = `<script>alert(1)</script>"'&${'x'.repeat(300)}`
  await start({ login_hint: hostile })
  await fillIn(page, { username: hostile, password: 'p' })

  await page.getByRole('alert').first().waitFor()
  await lookAt(page, 'login-hostile-name')
})

test('the sign-in page is readable at twice the text size', async () => {
  await page.setViewportSize({ width: 720, height: 450 })
  await start()
  await page.evaluate(() => (document.documentElement.style.fontSize = '200%'))

  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  assert.ok(overflow <= 0, `${overflow} px stick out to the side`)
})

test('the sign-in page weighs less than 30 kB and asks nobody else', async () => {
  const session = await profile.context.newCDPSession(page)
  const origins = new Set()
  let bytes = 0
  await session.send('Network.enable')
  session.on('Network.requestWillBeSent', ({ request }) => origins.add(new URL(request.url).origin))
  session.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await start()
  await page.waitForLoadState('networkidle')

  assert.deepEqual(origins, new Set([world.application.origin, world.server.publicUrl]))
  assert.ok(bytes < 30 * 1024, `${bytes} bytes`)
})

test('prompt=login asks again and makes a new time of authentication', async () => {
  await start()
  await fillIn(page, ADA)
  const first = await personAt(page)

  await start({ prompt: 'login' })
  assert.ok(page.url().startsWith(`${world.issuer}/login/`), page.url())
  await lookAt(page, 'login-again')
  await fillIn(page, ADA)

  const second = await personAt(page)
  assert.equal(second.sub, first.sub)
  assert.ok(second.auth_time >= first.auth_time)
})

test('silent renewal in a frame of another site answers login_required, never a page', async () => {
  await start()
  await fillIn(page, ADA)
  await personAt(page)

  // On an http issuer the session cookie is SameSite=Lax, so the frame does not have it: as with blocked cookies.
  await page.goto(`${world.application.origin}/silent`)

  const frame = page.frameLocator('iframe')
  assert.equal(await frame.locator('#error').textContent(), 'login_required')
})

test('the cookies belong to the realm and are out of reach for script', async () => {
  await start()
  await fillIn(page, ADA)
  await personAt(page)

  const cookies = await profile.context.cookies(`${world.issuer}/`)
  const session = cookies.find(({ name }) => name === 'pal_session')
  assert.ok(session.httpOnly)
  assert.equal(session.sameSite, 'Lax')
  for (const { name, path } of cookies) assert.ok(path.startsWith(`/realms/${REALM}`), `${name}: ${path}`)
})

test('two tabs may sign in one after the other', async () => {
  await start()
  const other = await profile.newPage()
  await other.goto(`${world.application.origin}/start`)
  await fillIn(page, ADA)
  const { sub } = await personAt(page)

  await fillIn(other, ADA)

  assert.equal((await personAt(other)).sub, sub)
})

test('going back after signing in and sending the form again is explained or simply works', async () => {
  await start()
  const stale = page.url()
  await fillIn(page, ADA)
  await personAt(page)

  const answer = await page.goto(stale)

  assert.ok(answer.status() < 500, String(answer.status()))
  assert.notEqual((await page.locator('body').innerText()).trim(), '')
})

test('an address that was not registered is an error page of the issuer', async () => {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'billing',
    redirect_uri: `${world.application.origin}/callback/`,
    scope: 'openid',
  })

  const answer = await page.goto(`${world.issuer}/protocol/openid-connect/auth?${query}`)

  assert.equal(answer.status(), 400)
  assert.match(await page.locator('body').innerText(), /Invalid parameter: redirect_uri/)
  await lookAt(page, 'error-redirect-uri')
})

test('a realm that does not exist is an error page', async () => {
  const answer = await page.goto(`${world.server.issuer('nobody')}/protocol/openid-connect/auth?client_id=x`)

  assert.equal(answer.status(), 404)
  await lookAt(page, 'error-unknown-realm')
})

function focused(target) {
  return target.evaluate(() => document.activeElement?.getAttribute('name'))
}
