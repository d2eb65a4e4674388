import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { Agent, authorize } from '../../support/agent.mjs'
import { startServer } from '../../support/server.mjs'
import { beginSignIn, DEV_USER, discover, MOBILE_APP, post, refusal } from './actors.mjs'

const LONGEST_VERIFIER = 'Aa0-._~'.repeat(19).slice(0, 128)

let server
let config

before(async () => {
  server = await startServer('openid-client-mobile-app')
  config = await discover(server.issuer('dev'), MOBILE_APP.id, client.None())
})
after(() => server?.stop())

async function signInOnThePhone(redirectUri = MOBILE_APP.redirectUri, verifier = LONGEST_VERIFIER) {
  const { url, checks } = await beginSignIn(config, redirectUri, {}, verifier)
  const { answeredAt } = await authorize(new Agent(), url, { ...DEV_USER, redirectUri })
  return client.authorizationCodeGrant(config, answeredAt, checks)
}

test('a public client signs in with a verifier of 128 characters and a custom scheme', async () => {
  const tokens = await signInOnThePhone()

  assert.equal(tokens.claims().aud, MOBILE_APP.id)
  assert.ok(tokens.refresh_token)
})

test('a public client signs in with a verifier of 43 characters', async () => {
  const tokens = await signInOnThePhone(MOBILE_APP.redirectUri, LONGEST_VERIFIER.slice(0, 43))

  assert.ok(tokens.access_token)
})

test('a native client may listen on any port of a loopback literal', async () => {
  const tokens = await signInOnThePhone('http://127.0.0.1:51234/callback')

  assert.ok(tokens.access_token)
})

test('a native client may not listen on any port of the name localhost', async () => {
  const { url } = await beginSignIn(config, 'http://localhost:51234/callback')

  const page = await new Agent().open(url, 'http://localhost:51234/callback')

  assert.equal(page.status, 400)
  assert.match(page.text, /Invalid parameter: redirect_uri/)
})

test('a public client refreshes and revokes with its client_id alone', async () => {
  const tokens = await signInOnThePhone()

  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token)
  await client.tokenRevocation(config, renewed.refresh_token)

  const refused = client.refreshTokenGrant(config, renewed.refresh_token)
  assert.deepEqual(await refusal(refused), { status: 400, error: 'invalid_grant' })
})

test('a public client without PKCE gets no code', async () => {
  const request = { redirect_uri: MOBILE_APP.redirectUri, scope: 'openid', state: 'x' }
  const url = client.buildAuthorizationUrl(config, request)

  const { parameters } = await new Agent().open(url, MOBILE_APP.redirectUri)

  assert.equal(parameters.get('error'), 'invalid_request')
  assert.equal(parameters.get('state'), 'x')
  assert.equal(parameters.get('iss'), server.issuer('dev'))
  assert.equal(parameters.get('code'), null)
})

test('the plain challenge method is refused', async () => {
  const { url } = await beginSignIn(config, MOBILE_APP.redirectUri, {
    code_challenge: LONGEST_VERIFIER,
    code_challenge_method: 'plain',
  })

  const { parameters } = await new Agent().open(url, MOBILE_APP.redirectUri)

  assert.equal(parameters.get('error'), 'invalid_request')
})

test('a public client may not introspect and may not have tokens of its own', async () => {
  const tokens = await signInOnThePhone()
  const { introspection_endpoint: introspection, token_endpoint: token } = config.serverMetadata()

  const asked = await post(introspection, { client_id: MOBILE_APP.id, token: tokens.access_token })
  assert.equal(asked.status, 401)
  const own = await post(token, { client_id: MOBILE_APP.id, grant_type: 'client_credentials' })
  assert.equal((await own.json()).error, 'unauthorized_client')
})
