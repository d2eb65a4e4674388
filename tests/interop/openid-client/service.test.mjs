import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { startServer } from '../../support/server.mjs'
import { discover, post, rawBasic, refusal, verifyAccessToken } from './actors.mjs'

const NOTIFICATIONS = { id: 'notification-service', secret: 'notification-secret' }
const ODD_SECRET = { id: 'service-api-client', secret: 's3cr3tK3y123!' }

let server
let issuer

before(async () => {
  server = await startServer('openid-client-service')
  issuer = server.issuer('dev')
})
after(() => server?.stop())

for (const method of [client.ClientSecretBasic, client.ClientSecretPost]) {
  test(`a service gets a token for its API with ${method.name}`, async () => {
    const config = await discover(issuer, NOTIFICATIONS.id, method(NOTIFICATIONS.secret))

    const tokens = await client.clientCredentialsGrant(config)

    assert.equal(tokens.refresh_token, undefined)
    assert.equal(tokens.id_token, undefined)
    assert.deepEqual(new Set(tokens.scope.split(' ')), new Set(['read:users', 'write:notifications']))
    const { claims } = await verifyAccessToken(config, tokens.access_token, 'api-gateway')
    assert.equal(claims.aud, 'api-gateway')
    assert.equal(claims.sub, NOTIFICATIONS.id)
    assert.equal(claims.client_id, NOTIFICATIONS.id)
    assert.equal(claims.token_use, 'service')
    assert.equal(claims.service_account.client_id, NOTIFICATIONS.id)
    assert.match(claims.jti, /^s\./)
  })
}

test('a service may ask for fewer scopes', async () => {
  const config = await discover(issuer, NOTIFICATIONS.id, client.ClientSecretBasic(NOTIFICATIONS.secret))

  const tokens = await client.clientCredentialsGrant(config, { scope: 'read:users' })

  assert.equal(tokens.scope, 'read:users')
})

test('a service gets no scope that it was not given', async () => {
  const config = await discover(issuer, NOTIFICATIONS.id, client.ClientSecretBasic(NOTIFICATIONS.secret))

  for (const scope of ['read:orders', 'no-such-scope', 'read:users admin']) {
    const refused = client.clientCredentialsGrant(config, { scope })
    assert.deepEqual(await refusal(refused), { status: 400, error: 'invalid_scope' }, scope)
  }
})

test('a service may name the API, and no other one', async () => {
  const config = await discover(issuer, NOTIFICATIONS.id, client.ClientSecretBasic(NOTIFICATIONS.secret))

  const tokens = await client.clientCredentialsGrant(config, { resource: 'api-gateway' })
  const { claims } = await verifyAccessToken(config, tokens.access_token, 'api-gateway')
  assert.equal(claims.aud, 'api-gateway')

  const refused = client.clientCredentialsGrant(config, { resource: 'demo-api' })
  assert.deepEqual(await refusal(refused), { status: 400, error: 'invalid_target' })
})

test('a secret with a special character works form-encoded and raw', async () => {
  const config = await discover(issuer, ODD_SECRET.id, client.ClientSecretBasic(ODD_SECRET.secret))
  const encoded = await client.clientCredentialsGrant(config)
  assert.deepEqual(new Set(encoded.scope.split(' ')), new Set(['read', 'write']))

  const raw = await post(
    config.serverMetadata().token_endpoint,
    { grant_type: 'client_credentials' },
    { authorization: rawBasic(ODD_SECRET.id, ODD_SECRET.secret) },
  )
  assert.equal(raw.status, 200)
})

test('a wrong secret is invalid_client with status 401, and Basic is told how to authenticate', async () => {
  const { token_endpoint: endpoint } = (await discover(issuer, NOTIFICATIONS.id, client.None())).serverMetadata()
  const grant = { grant_type: 'client_credentials' }

  const basic = await post(endpoint, grant, { authorization: rawBasic(NOTIFICATIONS.id, 'wrong') })
  assert.equal(basic.status, 401)
  assert.match(basic.headers.get('www-authenticate'), /^Basic /)
  assert.equal((await basic.json()).error, 'invalid_client')

  const inBody = await post(endpoint, { ...grant, client_id: NOTIFICATIONS.id, client_secret: 'wrong' })
  assert.equal(inBody.status, 401)
  assert.equal((await inBody.json()).error, 'invalid_client')

  const unknown = await post(endpoint, grant, { authorization: rawBasic('nobody', 'wrong') })
  assert.equal(unknown.status, 401)
  assert.equal((await unknown.json()).error, 'invalid_client')
})

test('a service introspects and revokes its own token', async () => {
  const config = await discover(issuer, NOTIFICATIONS.id, client.ClientSecretBasic(NOTIFICATIONS.secret))
  const { access_token: token } = await client.clientCredentialsGrant(config)

  assert.equal((await client.tokenIntrospection(config, token)).active, true)
  await client.tokenRevocation(config, token)
  assert.equal((await client.tokenIntrospection(config, token)).active, false)
})

test('a service has no person: userinfo refuses its token', async () => {
  const config = await discover(issuer, NOTIFICATIONS.id, client.ClientSecretBasic(NOTIFICATIONS.secret))
  const { access_token: token } = await client.clientCredentialsGrant(config)

  const { userinfo_endpoint: endpoint } = config.serverMetadata()
  const answer = await fetch(endpoint, { headers: { authorization: `Bearer ${token}` } })

  // RFC 6750, section 3.1: without the scope `openid` this is insufficient_scope.
  assert.ok([401, 403].includes(answer.status), String(answer.status))
  assert.match(answer.headers.get('www-authenticate'), /^Bearer /)
})

test('a service may not use the grants of people', async () => {
  const config = await discover(issuer, NOTIFICATIONS.id, client.ClientSecretBasic(NOTIFICATIONS.secret))
  const { token_endpoint: endpoint } = config.serverMetadata()
  const headers = { authorization: rawBasic(NOTIFICATIONS.id, NOTIFICATIONS.secret) }

  const redemption = { grant_type: 'authorization_code', code: 'x', redirect_uri: 'https://a.example/' }
  const code = await post(endpoint, redemption, headers)
  assert.equal((await code.json()).error, 'unauthorized_client')
  const unknown = await post(endpoint, { grant_type: 'urn:example:unheard-of' }, headers)
  assert.equal((await unknown.json()).error, 'unsupported_grant_type')
})

test('answers with tokens and refusals are never cached', async () => {
  const { token_endpoint: endpoint } = (await discover(issuer, NOTIFICATIONS.id, client.None())).serverMetadata()

  for (const secret of [NOTIFICATIONS.secret, 'wrong']) {
    const answer = await post(endpoint, { grant_type: 'client_credentials' }, {
      authorization: rawBasic(NOTIFICATIONS.id, secret),
    })
    assert.match(answer.headers.get('cache-control'), /no-store/)
  }
})
