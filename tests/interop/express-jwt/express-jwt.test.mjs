import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Agent, authorize } from '../../support/agent.mjs'
import { startServer } from '../../support/server.mjs'
import { startApi } from './api.mjs'

const REALM_FILE = fileURLToPath(new URL('realm.yaml', import.meta.url))
const ADA = { username: 'ada@northwind.example', password: 'ada-password-123' }
const REDIRECT_URI = 'http://127.0.0.1:9999/callback'

let server
let issuer
let api

before(async () => {
  server = await startServer('express-jwt')
  await server.apply(REALM_FILE)
  issuer = server.issuer('express-jwt')
  api = await startApi(issuer)
})
after(async () => {
  await api?.stop()
  await server?.stop()
})

test("a service's token for the API is taken", async () => {
  const { access_token: token } = await serviceTokens('archive:read')

  const { status, body } = await api.call(token)

  assert.equal(status, 200)
  assert.deepEqual([body.iss, body.aud, body.sub, body.scope], [issuer, 'archive', 'batch', 'archive:read'])
})

test("a person's token for the API is taken, and their ID token, of the same type, is not", async () => {
  const { access_token: token, id_token: idToken } = await signIn('openid archive:read')

  const taken = await api.call(token)
  const refused = await api.call(idToken)

  assert.deepEqual([taken.status, taken.body.azp], [200, 'website'])
  assert.equal(refused.status, 401)
})

test('tokens for another API are not taken', async () => {
  const { access_token: token } = await serviceTokens('orders:read')
  const { access_token: ofPerson } = await signIn('openid orders:read')

  assert.equal((await api.call(token)).status, 401)
  assert.equal((await api.call(ofPerson)).status, 401)
})

test('a token of another realm, and one that was changed, are not taken', async () => {
  const basic = basicOf('notification-service', 'notification-secret')
  const { access_token: foreign } = await tokens(server.issuer('dev'), basic, { grant_type: 'client_credentials' })
  const { access_token: own } = await serviceTokens('archive:read')
  const [header, payload, signature] = own.split('.')
  const claims = { ...JSON.parse(Buffer.from(payload, 'base64url')), sub: 'somebody-else' }
  const changed = [header, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')

  assert.equal((await api.call(foreign)).status, 401)
  assert.equal((await api.call(changed)).status, 401)
  assert.equal((await api.call(own)).status, 200)
})

const basicOf = (id, secret) => Buffer.from(`${id}:${secret}`).toString('base64')

function serviceTokens(scope) {
  return tokens(issuer, basicOf('batch', 'batch-secret'), { grant_type: 'client_credentials', scope })
}

async function signIn(scope) {
  const verifier = randomBytes(32).toString('base64url')
  const question = new URLSearchParams({
    client_id: 'website',
    response_type: 'code',
    redirect_uri: REDIRECT_URI,
    scope,
    state: randomBytes(16).toString('hex'),
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  const url = `${issuer}/protocol/openid-connect/auth?${question}`
  const { parameters } = await authorize(new Agent(), url, { ...ADA, redirectUri: REDIRECT_URI })
  return tokens(issuer, basicOf('website', 'website-secret'), {
    grant_type: 'authorization_code',
    code: parameters.get('code'),
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
  })
}

async function tokens(from, basic, form) {
  const answer = await fetch(`${from}/protocol/openid-connect/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams(form),
  })
  assert.equal(answer.status, 200, await answer.clone().text())
  return answer.json()
}
