import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Agent } from '../../support/agent.mjs'
import { startServer } from '../../support/server.mjs'
import { startApplication } from './application.mjs'

const REALM_FILE = fileURLToPath(new URL('realm.yaml', import.meta.url))
const ADA = { username: 'ada@northwind.example', password: 'ada-password-123' }
const WEBSITE = { clientId: 'website', clientSecret: 'website-secret' }

let server
let application

before(async () => {
  server = await startServer('auth-js')
  application = await startApplication()
  await applyRealm()
})
after(async () => {
  await application?.stop()
  await server?.stop()
})

test('a person signs in with the default options and the application has their profile', async () => {
  application.useIssuer(server.issuer('auth-js'), WEBSITE)
  const agent = new Agent()

  const session = await signIn(agent)

  assert.equal(session.user.name, 'Ada Byron')
  assert.equal(session.user.email, ADA.username)
  assert.equal(session.account.provider, 'palatine')
  assert.equal(session.profile.iss, server.issuer('auth-js'))
  assert.equal(session.profile.aud, WEBSITE.clientId)
  assert.equal(session.account.providerAccountId, session.profile.sub)
  assert.equal(typeof session.account.refresh_token, 'string')
})

test('the profile comes from userinfo where the provider says so', async () => {
  const provider = { clientId: 'portal', clientSecret: 'portal-secret', idToken: false }
  application.useIssuer(server.issuer('auth-js'), provider)

  const session = await signIn(new Agent())

  assert.equal(session.user.name, 'Ada Byron')
})

test('nonce, state and PKCE together are satisfied', async () => {
  application.useIssuer(server.issuer('auth-js'), { ...WEBSITE, checks: ['pkce', 'state', 'nonce'] })

  const session = await signIn(new Agent())

  assert.equal(session.user.email, ADA.username)
})

test('a client without a secret signs people in by PKCE', async () => {
  const provider = { clientId: 'public-website', client: { token_endpoint_auth_method: 'none' } }
  application.useIssuer(server.issuer('auth-js'), provider)

  const session = await signIn(new Agent())

  assert.equal(session.user.email, ADA.username)
})

test('a client with a wrong secret signs nobody in', async () => {
  application.useIssuer(server.issuer('auth-js'), { ...WEBSITE, clientSecret: 'wrong' })

  const session = await signIn(new Agent())

  assert.equal(session, null)
})

/** What the application knows after a person went through the sign-in; `null` if nobody is signed in. */
async function signIn(agent) {
  const start = await agent.open(`${application.origin}/auth/signin`)
  const [begin] = start.forms.filter((form) => form.action.pathname === '/auth/signin/palatine')
  const login = await agent.submit(begin, 'none')
  const [form] = login.forms.filter(({ inputs }) => inputs.has('password'))
  assert.ok(form, login.text)
  await agent.submit(form, 'login', ADA)
  const { html } = await agent.open(`${application.origin}/auth/session`)
  return JSON.parse(html)
}

async function applyRealm() {
  const folder = await mkdtemp(join(tmpdir(), 'palatine-realm-'))
  try {
    const file = join(folder, 'auth-js.yaml')
    await writeFile(file, (await readFile(REALM_FILE, 'utf8')).replaceAll('http://127.0.0.1:9999', application.origin))
    await server.apply(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
