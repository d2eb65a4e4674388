import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startServer } from '../support/server.mjs'
import { launch, openProfile } from './support/chromium.mjs'
import { documentFor, startSwaggerUi } from './support/swagger-ui.mjs'
import { ADA, applyRealm, fillIn } from './support/world.mjs'

const REALM_FILE = fileURLToPath(new URL('swagger-ui.yaml', import.meta.url))

let server
let site
let browser
let profile
let page

before(async () => {
  server = await startServer('browser-swagger-ui')
  site = await startSwaggerUi()
  await applyRealm(server, REALM_FILE, site.origin)
  site.document = documentFor(server.issuer('swagger-ui'))
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await site?.stop()
  await server?.stop()
})
beforeEach(async () => {
  profile = await openProfile(browser)
  page = await profile.newPage()
  await page.goto(site.origin)
  await page.getByRole('button', { name: 'Authorize' }).first().click()
})
afterEach(() => profile.close())

test('Authorize signs a person in with code and PKCE, and calls carry their token', async () => {
  const form = page.locator('.auth-container', { hasText: 'person (OAuth2' })
  await form.getByLabel('client_id').fill('api-docs')
  await form.getByText('orders:read').click()

  const [popup] = await Promise.all([
    page.waitForEvent('popup'),
    form.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click(),
  ])
  await fillIn(popup, ADA)
  await form.getByRole('button', { name: 'Remove authorization' }).waitFor()

  const claims = await claimsOfACall()
  assert.equal(claims.aud, 'orders')
  assert.equal(claims.azp, 'api-docs')
  assert.equal(claims.token_use, 'user')
})

test('Authorize gets a service its token with client credentials', async () => {
  const form = page.locator('.auth-container', { hasText: 'service (OAuth2' })
  await form.getByLabel('client_id').fill('batch')
  await form.getByLabel('client_secret').fill('batch-secret')
  await form.getByText('orders:read').click()
  await form.getByRole('button', { name: 'Apply given OAuth2 credentials' }).click()
  await form.getByRole('button', { name: 'Remove authorization' }).waitFor()

  const claims = await claimsOfACall()
  assert.equal(claims.sub, 'batch')
  assert.equal(claims.token_use, 'service')
})

/** Tries the operation out; what the API was sent, decoded. */
async function claimsOfACall() {
  await page.getByRole('button', { name: 'Close', exact: true }).first().click()
  await page.locator('.opblock-summary').click()
  await page.getByRole('button', { name: 'Try it out' }).click()
  const [answer] = await Promise.all([
    page.waitForResponse((response) => new URL(response.url()).pathname === '/orders'),
    page.getByRole('button', { name: 'Execute' }).click(),
  ])
  const { sent } = await answer.json()
  const [, body] = sent.replace('Bearer ', '').split('.')
  return JSON.parse(Buffer.from(body, 'base64url'))
}
