import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { startServer } from '../../support/server.mjs'
import { discover, testApp } from './actors.mjs'

let server
let issuer

before(async () => {
  server = await startServer('openid-client-discovery')
  issuer = server.issuer('dev')
})
after(() => server?.stop())

test('discovery names the issuer byte for byte and every endpoint under it', async () => {
  const metadata = (await testApp(issuer)).serverMetadata()

  assert.equal(metadata.issuer, issuer)
  assert.deepEqual(
    Object.fromEntries(Object.entries(metadata).filter(([key]) => key.endsWith('_endpoint') || key === 'jwks_uri')),
    {
      authorization_endpoint: `${issuer}/protocol/openid-connect/auth`,
      device_authorization_endpoint: `${issuer}/protocol/openid-connect/auth/device`,
      registration_endpoint: `${issuer}/clients-registrations/openid-connect`,
      token_endpoint: `${issuer}/protocol/openid-connect/token`,
      userinfo_endpoint: `${issuer}/protocol/openid-connect/userinfo`,
      introspection_endpoint: `${issuer}/protocol/openid-connect/token/introspect`,
      revocation_endpoint: `${issuer}/protocol/openid-connect/revoke`,
      end_session_endpoint: `${issuer}/protocol/openid-connect/logout`,
      jwks_uri: `${issuer}/protocol/openid-connect/certs`,
    },
  )
})

test('discovery says what the authorization server can do', async () => {
  const metadata = (await testApp(issuer)).serverMetadata()

  assert.equal(metadata.authorization_response_iss_parameter_supported, true)
  assert.deepEqual(metadata.code_challenge_methods_supported, ['S256'])
  assert.ok(metadata.response_types_supported.includes('code'))
  for (const mode of ['query', 'fragment', 'form_post']) {
    assert.ok(metadata.response_modes_supported.includes(mode), mode)
  }
  for (const grant of ['authorization_code', 'refresh_token', 'client_credentials']) {
    assert.ok(metadata.grant_types_supported.includes(grant), grant)
  }
  for (const method of ['client_secret_basic', 'client_secret_post', 'none']) {
    assert.ok(metadata.token_endpoint_auth_methods_supported.includes(method), method)
  }
  for (const algorithm of ['RS256', 'ES256']) {
    assert.ok(metadata.id_token_signing_alg_values_supported.includes(algorithm), algorithm)
  }
  assert.ok(metadata.subject_types_supported.includes('public'))
})

test('the RFC 8414 document says the same as the OpenID document', async () => {
  const openid = (await testApp(issuer)).serverMetadata()
  const oauth = (await discover(issuer, 'test-app', client.None(), { algorithm: 'oauth2' })).serverMetadata()

  assert.deepEqual({ ...oauth }, { ...openid })
})

test('both spellings of the key set serve the same public keys and nothing private', async () => {
  const canonical = await fetch(`${issuer}/protocol/openid-connect/certs`)
  const short = await fetch(`${issuer}/.well-known/jwks.json`)
  const { keys } = await canonical.json()

  assert.deepEqual((await short.json()).keys, keys)
  assert.deepEqual(new Set(keys.map(({ alg }) => alg)), new Set(['ES256', 'RS256']))
  for (const key of keys) {
    assert.equal(key.use, 'sig')
    assert.ok(key.kid)
    for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) assert.equal(key[secret], undefined, secret)
  }
  assert.match(canonical.headers.get('cache-control'), /max-age=300\b/)
  assert.equal(canonical.headers.get('access-control-allow-origin'), '*')
})

test('a realm that does not exist has no discovery document', async () => {
  for (const slug of ['nobody', 'Dev', '%64ev']) {
    assert.equal((await fetch(`${server.issuer(slug)}/.well-known/openid-configuration`)).status, 404, slug)
  }
})
