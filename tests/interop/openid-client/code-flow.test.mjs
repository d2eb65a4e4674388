import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeProtectedHeader } from 'jose'
import * as client from 'openid-client'
import { Agent, authorize } from '../../support/agent.mjs'
import { startServer } from '../../support/server.mjs'
import {
  beginSignIn,
  DEV_USER,
  discover,
  post,
  refusal,
  signIn,
  TEST_APP,
  testApp,
  verifyAccessToken,
} from './actors.mjs'

let server
let config

before(async () => {
  server = await startServer('openid-client-code-flow')
  config = await testApp(server.issuer('dev'))
})
after(() => server?.stop())

test('a person signs in and the application gets tokens it can verify', async () => {
  const { answer, checks, tokens } = await signIn(config)

  assert.deepEqual([...answer.parameters.keys()].sort(), ['code', 'iss', 'session_state', 'state'])
  assert.equal(tokens.token_type, 'bearer') // the library lower-cases it
  assert.equal(tokens.expires_in, 300)
  assert.equal(typeof tokens.refresh_token, 'string')
  assert.deepEqual(new Set(tokens.scope.split(' ')), new Set(['openid', 'profile', 'email']))

  const identity = tokens.claims()
  assert.equal(identity.iss, server.issuer('dev'))
  assert.equal(identity.nonce, checks.expectedNonce)
  assert.equal(identity.azp, TEST_APP.id)
  assert.equal(typeof identity.sid, 'string')
  assert.equal(identity.acr, '1')
  assert.equal(identity.token_use, undefined)
  assert.equal(decodeProtectedHeader(tokens.id_token).alg, 'RS256')

  const { claims, header } = await verifyAccessToken(config, tokens.access_token, TEST_APP.id)
  assert.equal(header.alg, 'ES256')
  assert.equal(claims.sub, identity.sub)
  assert.equal(claims.client_id, TEST_APP.id)
  assert.equal(claims.token_use, 'user')
  assert.equal(claims.sid, identity.sid)
  assert.equal(typeof claims.scope, 'string')
  assert.equal(claims.nbf, undefined)
})

test('the short spelling of the authorization and token endpoints works the same', async () => {
  const issuer = server.issuer('dev')
  const metadata = {
    ...config.serverMetadata(),
    authorization_endpoint: `${issuer}/oauth/authorize`,
    token_endpoint: `${issuer}/oauth/token`,
  }
  const short = new client.Configuration(metadata, TEST_APP.id, undefined, client.ClientSecretPost(TEST_APP.secret))
  client.allowInsecureRequests(short)

  const { tokens } = await signIn(short)

  assert.equal(tokens.claims().iss, issuer)
})

test('a wrong password keeps the person on the sign-in page and the application hears nothing', async () => {
  const agent = new Agent()
  const { url } = await beginSignIn(config, TEST_APP.redirectUri)
  const page = await agent.open(url, TEST_APP.redirectUri)
  const [form] = page.forms.filter(({ inputs }) => inputs.has('password'))

  const guess = { username: DEV_USER.username, password: 'wrong' }
  const again = await agent.submit(form, 'login', guess, TEST_APP.redirectUri)

  assert.equal(again.parameters, undefined)
  const [kept] = again.forms.filter(({ inputs }) => inputs.has('password'))
  assert.equal(kept.fields.get('username'), DEV_USER.username)
  assert.equal(kept.fields.get('password') ?? '', '')
})

test('form_post brings the same answer in the body of a form', async () => {
  const { url, checks } = await beginSignIn(config, TEST_APP.redirectUri, { response_mode: 'form_post' })
  const answer = await authorize(new Agent(), url, { ...DEV_USER, redirectUri: TEST_APP.redirectUri })

  assert.equal(answer.answeredAt.search, '')
  const received = new Request(answer.formPost.action, { method: 'POST', body: answer.parameters })
  const tokens = await client.authorizationCodeGrant(config, received, checks)

  assert.equal(tokens.claims().nonce, checks.expectedNonce)
})

test('fragment brings the same answer behind the hash sign', async () => {
  const { url, checks } = await beginSignIn(config, TEST_APP.redirectUri, { response_mode: 'fragment' })
  const { answeredAt } = await authorize(new Agent(), url, { ...DEV_USER, redirectUri: TEST_APP.redirectUri })

  assert.equal(answeredAt.search, '')
  const current = new URL(`${TEST_APP.redirectUri}?${answeredAt.hash.slice(1)}`)
  const tokens = await client.authorizationCodeGrant(config, current, checks)

  assert.equal(tokens.claims().nonce, checks.expectedNonce)
})

test('a signed-in browser is not asked again, and prompt=none says so to the application', async () => {
  const { agent, tokens } = await signIn(config)

  const silent = await beginSignIn(config, TEST_APP.redirectUri, { prompt: 'none', id_token_hint: tokens.id_token })
  const answer = await agent.open(silent.url, TEST_APP.redirectUri)
  const renewed = await client.authorizationCodeGrant(config, answer.answeredAt, silent.checks)

  assert.equal(renewed.claims().sub, tokens.claims().sub)
  assert.equal(renewed.claims().sid, tokens.claims().sid)
  assert.equal(renewed.claims().auth_time, tokens.claims().auth_time)
})

test('prompt=none in a browser without a session is login_required', async () => {
  const { url, checks } = await beginSignIn(config, TEST_APP.redirectUri, { prompt: 'none' })
  const answer = await new Agent().open(url, TEST_APP.redirectUri)

  const refused = await client.authorizationCodeGrant(config, answer.answeredAt, checks).catch((error) => error)

  assert.ok(refused instanceof client.AuthorizationResponseError, String(refused))
  assert.equal(refused.error, 'login_required')
})

test('a code without its verifier, or with another one, is refused', async () => {
  for (const pkceCodeVerifier of [undefined, client.randomPKCECodeVerifier()]) {
    const { url, checks } = await beginSignIn(config, TEST_APP.redirectUri)
    const { answeredAt } = await authorize(new Agent(), url, { ...DEV_USER, redirectUri: TEST_APP.redirectUri })

    const refused = client.authorizationCodeGrant(config, answeredAt, { ...checks, pkceCodeVerifier })

    assert.deepEqual(await refusal(refused), { status: 400, error: 'invalid_grant' })
  }
})

test('a code used twice is refused and takes the tokens of its first use along', async () => {
  const { answer, checks, tokens } = await signIn(config)

  const again = client.authorizationCodeGrant(config, answer.answeredAt, checks)

  assert.deepEqual(await refusal(again), { status: 400, error: 'invalid_grant' })
  const refreshed = client.refreshTokenGrant(config, tokens.refresh_token)
  assert.deepEqual(await refusal(refreshed), { status: 400, error: 'invalid_grant' })
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
})

test('a wrong secret is invalid_client with status 401 and leaves the code usable', async () => {
  const { url, checks } = await beginSignIn(config, TEST_APP.redirectUri)
  const { answeredAt } = await authorize(new Agent(), url, { ...DEV_USER, redirectUri: TEST_APP.redirectUri })

  for (const method of [client.ClientSecretBasic, client.ClientSecretPost]) {
    const stranger = await discover(server.issuer('dev'), TEST_APP.id, method('wrong-secret'))
    const refused = client.authorizationCodeGrant(stranger, answeredAt, checks)
    assert.deepEqual(await refusal(refused), { status: 401, error: 'invalid_client' })
  }

  assert.ok((await client.authorizationCodeGrant(config, answeredAt, checks)).access_token)
})

test('a redirect URI that differs in one character is never redirected to', async () => {
  const { url } = await beginSignIn(config, `${TEST_APP.redirectUri}/`)

  const page = await new Agent().open(url, `${TEST_APP.redirectUri}/`)

  assert.equal(page.status, 400)
  assert.match(page.text, /Invalid parameter: redirect_uri/)
})

test('userinfo knows the person, by GET and by POST', async () => {
  const { tokens } = await signIn(config)
  const { sub } = tokens.claims()

  const person = await client.fetchUserInfo(config, tokens.access_token, sub)

  assert.equal(person.email, DEV_USER.username)
  assert.equal(person.email_verified, true)
  assert.equal(person.preferred_username, DEV_USER.username)
  assert.equal(person.name, 'Dev User')

  const endpoint = config.serverMetadata().userinfo_endpoint
  const inHeader = await post(endpoint, {}, { authorization: `Bearer ${tokens.access_token}` })
  const inBody = await post(endpoint, { access_token: tokens.access_token })
  assert.deepEqual(await inHeader.json(), { ...person })
  assert.deepEqual(await inBody.json(), { ...person })
})

test('userinfo refuses ID tokens and refresh tokens', async () => {
  const { tokens } = await signIn(config)

  for (const kind of ['id_token', 'refresh_token']) {
    const answer = await fetch(config.serverMetadata().userinfo_endpoint, {
      headers: { authorization: `Bearer ${tokens[kind]}` },
    })
    assert.equal(answer.status, 401, kind)
    assert.match(answer.headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/, kind)
  }
})

test('introspection tells the owner of a token what it is worth', async () => {
  const { tokens } = await signIn(config)

  const known = await client.tokenIntrospection(config, tokens.access_token)

  assert.equal(known.active, true)
  assert.equal(known.client_id, TEST_APP.id)
  assert.equal(known.sub, tokens.claims().sub)
  assert.equal(known.iss, server.issuer('dev'))
  assert.equal((await client.tokenIntrospection(config, 'no-token-at-all')).active, false)
})

test('introspection tells a client that has nothing to do with a token nothing', async () => {
  const { tokens } = await signIn(config)
  const stranger = await discover(
    server.issuer('dev'),
    'notification-service',
    client.ClientSecretBasic('notification-secret'),
  )

  assert.deepEqual({ ...(await client.tokenIntrospection(stranger, tokens.access_token)) }, { active: false })
})

test('a revoked access token is worth nothing, its refresh token goes on', async () => {
  const { tokens } = await signIn(config)

  await client.tokenRevocation(config, tokens.access_token, { token_type_hint: 'access_token' })

  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
  assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token)
})

test('a revoked refresh token takes its grant along', async () => {
  const { tokens } = await signIn(config)

  await client.tokenRevocation(config, tokens.refresh_token, { token_type_hint: 'refresh_token' })

  const refreshed = client.refreshTokenGrant(config, tokens.refresh_token)
  assert.deepEqual(await refusal(refreshed), { status: 400, error: 'invalid_grant' })
  assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, false)
})

test('revoking a token nobody knows succeeds', async () => {
  await client.tokenRevocation(config, 'never-issued')
})

test('end session with the ID token signs out without asking', async () => {
  const { agent, tokens } = await signIn(config)

  const page = await agent.open(client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }))

  assert.equal(page.status, 200)
  assert.match(page.text, /You are signed out/)
  const silent = await beginSignIn(config, TEST_APP.redirectUri, { prompt: 'none' })
  const answer = await agent.open(silent.url, TEST_APP.redirectUri)
  assert.equal(answer.parameters.get('error'), 'login_required')
  const refreshed = client.refreshTokenGrant(config, tokens.refresh_token)
  assert.deepEqual(await refusal(refreshed), { status: 400, error: 'invalid_grant' })
})

test('end session without a hint asks first, and then signs out', async () => {
  const { agent } = await signIn(config)

  const question = await agent.open(client.buildEndSessionUrl(config))
  assert.match(question.text, /Do you want to sign out\?/)
  const form = question.forms.find(({ buttons }) => buttons.has('logout'))
  const page = await agent.submit(form, 'logout')

  assert.match(page.text, /You are signed out/)
})

test('end session never redirects to an address that the client did not register', async () => {
  const { agent, tokens } = await signIn(config)
  const elsewhere = 'https://elsewhere.example/bye'

  const page = await agent.open(
    client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token, post_logout_redirect_uri: elsewhere }),
    elsewhere,
  )

  assert.equal(page.parameters, undefined)
})
