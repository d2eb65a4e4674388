// Answers to authorization requests that an application of another site makes in a frame.

import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { startSecureWorld } from './support/secure-world.mjs'
import { ADA, fillIn } from './support/world.mjs'

let world
let profile
let page

const QUESTION = {
  client_id: 'form-shop',
  response_type: 'code',
  response_mode: 'form_post',
  scope: 'openid',
  state: 'a state',
  prompt: 'none',
}

before(async () => {
  world = await startSecureWorld('browser-framed-answers')
})
after(() => world?.stop())
afterEach(() => profile?.close())

async function open(thirdPartyCookies) {
  profile = await world.profile(thirdPartyCookies)
  page = await profile.newPage()
}

/** Asks in a frame of the application's page; what is posted to the application. */
async function askInAFrame() {
  await page.goto(`${world.origin}/frame.html?${new URLSearchParams(QUESTION)}`)
  const handle = await page.waitForFunction(() => window.outcome)
  return handle.jsonValue()
}

async function signIn() {
  const request = new URLSearchParams({ ...QUESTION, prompt: 'login', redirect_uri: `${world.origin}/posted` })
  await page.goto(`${world.issuer}/protocol/openid-connect/auth?${request}`)
  await fillIn(page, ADA)
  await page.waitForURL(`${world.origin}/posted`)
}

test('a form posts a code to the application from within its frame', async () => {
  await open('allowed')
  await signIn()

  const { code, ...rest } = await askInAFrame()

  assert.ok(code)
  assert.deepEqual([rest.state, rest.iss, rest.error], ['a state', world.issuer, undefined])
})

for (const thirdPartyCookies of ['allowed', 'blocked']) {
  test(`without a session a form posts login_required, third-party cookies ${thirdPartyCookies}`, async () => {
    await open(thirdPartyCookies)

    assert.equal((await askInAFrame()).error, 'login_required')
  })
}

test('with a session that the frame cannot see a form posts login_required', async () => {
  await open('blocked')
  await signIn()

  assert.equal((await askInAFrame()).error, 'login_required')
})
