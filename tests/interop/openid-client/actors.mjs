// The clients and people of the demo realms, and what every test of this folder does with them.

import assert from 'node:assert/strict'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { Agent, authorize } from '../../support/agent.mjs'

export const DEV_USER = { username: 'dev@example.com', password: 'dev-password-123' }
export const TEST_APP = { id: 'test-app', secret: 'test-secret', redirectUri: 'http://localhost:3000/callback' }
export const MOBILE_APP = { id: 'mobile-app', redirectUri: 'myapp://callback' }

/** An application whose backend is set up from the realm's discovery document. */
export async function discover(issuer, clientId, authentication, options = {}) {
  return client.discovery(new URL(issuer), clientId, undefined, authentication, {
    execute: [client.allowInsecureRequests],
    [client.customFetch]: inEnglish,
    ...options,
  })
}

/** `test-app`, authenticating with HTTP Basic. */
export function testApp(issuer) {
  return discover(issuer, TEST_APP.id, client.ClientSecretBasic(TEST_APP.secret))
}

/** Everything that an application keeps between its authorization request and the answer. */
export async function beginSignIn(config, redirectUri, parameters = {}, verifier = client.randomPKCECodeVerifier()) {
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
    idTokenExpected: true,
  }
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: 'openid profile email',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  })
  return { url, checks }
}

/** Signs the dev user in at `test-app` and redeems the code. */
export async function signIn(config, { agent = new Agent(), parameters = {} } = {}) {
  const { redirectUri } = TEST_APP
  const { url, checks } = await beginSignIn(config, redirectUri, parameters)
  const answer = await authorize(agent, url, { ...DEV_USER, redirectUri })
  const tokens = await client.authorizationCodeGrant(config, answer.answeredAt, checks)
  return { agent, answer, checks, tokens }
}

/** What an API does with an access token: the served keys, the issuer, its own name, the token's kind. */
export async function verifyAccessToken(config, token, audience) {
  const { issuer, jwks_uri: keys } = config.serverMetadata()
  const { payload, protectedHeader } = await jwtVerify(token, createRemoteJWKSet(new URL(keys)), {
    issuer,
    audience,
    typ: 'at+jwt',
    clockTolerance: 0,
  })
  return { claims: payload, header: protectedHeader }
}

/** The OAuth error of a refusal, with its HTTP status. */
export async function refusal(promise) {
  const error = await promise.then(
    () => assert.fail('it was accepted'),
    (reason) => reason,
  )
  // A refusal with `WWW-Authenticate` reaches the application as the bare response, any other one already read.
  const body = error instanceof client.WWWAuthenticateChallengeError ? await error.response.json() : error
  return { status: error.status ?? error.response?.status, error: body.error }
}

/** A form sent to an endpoint by hand, for what the library would not send. */
export function post(url, parameters, headers = {}) {
  const body = new URLSearchParams(parameters)
  return fetch(url, { method: 'POST', body, headers: { 'accept-language': 'en', ...headers } })
}

/** An HTTP Basic credential with its halves as they are. */
export function rawBasic(id, secret) {
  return `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`
}

function inEnglish(url, options) {
  return fetch(url, { ...options, headers: { ...options.headers, 'accept-language': 'en' } })
}
