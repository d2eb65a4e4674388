import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { startServer } from '../../support/server.mjs'
import { discover, refusal, signIn, TEST_APP, testApp, verifyAccessToken } from './actors.mjs'

let server
let config

before(async () => {
  server = await startServer('openid-client-refresh')
  config = await testApp(server.issuer('dev'))
})
after(() => server?.stop())

test('a refresh gives a new access token, a new refresh token and the same person', async () => {
  const { tokens } = await signIn(config)

  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token)

  assert.notEqual(renewed.access_token, tokens.access_token)
  assert.notEqual(renewed.refresh_token, tokens.refresh_token)
  const [before, now] = [tokens.claims(), renewed.claims()]
  for (const claim of ['iss', 'sub', 'aud', 'azp', 'sid', 'auth_time', 'acr']) {
    assert.deepEqual(now[claim], before[claim], claim)
  }
  assert.equal(now.nonce, undefined)
})

test('the old refresh token inside the grace window gives the same successor', async () => {
  const { tokens } = await signIn(config)

  const first = await client.refreshTokenGrant(config, tokens.refresh_token)
  const second = await client.refreshTokenGrant(config, tokens.refresh_token)

  assert.equal(second.refresh_token, first.refresh_token)
  assert.notEqual(second.access_token, first.access_token)
})

test('64 parallel uses of one refresh token make one successor', async () => {
  const { tokens } = await signIn(config)

  const answers = await Promise.all(
    Array.from({ length: 64 }, () => client.refreshTokenGrant(config, tokens.refresh_token)),
  )

  assert.equal(new Set(answers.map(({ refresh_token: successor }) => successor)).size, 1)
})

test('once the successor was used the old token is refused, and the family lives on', async () => {
  const { tokens } = await signIn(config)
  const first = await client.refreshTokenGrant(config, tokens.refresh_token)
  const second = await client.refreshTokenGrant(config, first.refresh_token)

  const replay = client.refreshTokenGrant(config, tokens.refresh_token)

  assert.deepEqual(await refusal(replay), { status: 400, error: 'invalid_grant' })
  assert.ok((await client.refreshTokenGrant(config, second.refresh_token)).access_token)
})

test('scope may narrow for one answer and never widens', async () => {
  const { tokens } = await signIn(config)

  const narrowed = await client.refreshTokenGrant(config, tokens.refresh_token, { scope: 'openid email' })
  assert.deepEqual(new Set(narrowed.scope.split(' ')), new Set(['openid', 'email']))
  const whole = await client.refreshTokenGrant(config, narrowed.refresh_token)
  assert.deepEqual(new Set(whole.scope.split(' ')), new Set(['openid', 'email', 'profile']))

  const scope = 'openid profile email offline_access'
  const widened = client.refreshTokenGrant(config, whole.refresh_token, { scope })
  assert.deepEqual(await refusal(widened), { status: 400, error: 'invalid_scope' })
  assert.ok((await client.refreshTokenGrant(config, whole.refresh_token)).access_token, 'a refusal consumes nothing')
})

test('offline_access outlives the sign-out', async () => {
  const { agent, tokens } = await signIn(config, { parameters: { scope: 'openid email offline_access' } })

  await agent.open(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }))

  assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token)
})

test('a refresh token reads as a JWS to browsers and holds no personal data', async () => {
  const { tokens } = await signIn(config)

  assert.equal(typeof decodeProtectedHeader(tokens.refresh_token), 'object')
  const { typ, iss, azp, email, name, sub } = decodeJwt(tokens.refresh_token)
  assert.deepEqual({ typ, iss, azp }, { typ: 'Refresh', iss: server.issuer('dev'), azp: TEST_APP.id })
  assert.deepEqual({ email, name, sub }, { email: undefined, name: undefined, sub: undefined })
})

test('a refresh token is worth nothing to another client, and is not used up by it', async () => {
  const { tokens } = await signIn(config)
  const mobile = await discover(server.issuer('dev'), 'mobile-app', client.None())

  const stolen = client.refreshTokenGrant(mobile, tokens.refresh_token)

  assert.deepEqual(await refusal(stolen), { status: 400, error: 'invalid_grant' })
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token)
  await verifyAccessToken(config, renewed.access_token, TEST_APP.id)
})
