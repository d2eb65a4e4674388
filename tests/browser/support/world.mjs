// The server, the application on its own site and the browser: what every test file of this folder needs.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startServer } from '../../support/server.mjs'
import { startApplication } from './application.mjs'
import { launch } from './chromium.mjs'

export const REALM = 'browser-tests'
export const ADA = { username: 'ada@northwind.example', password: 'ada-password-123' }
export const DEV_USER = { username: 'dev@example.com', password: 'dev-password-123' }

const REALM_FILE = fileURLToPath(new URL('../realm.yaml', import.meta.url))
const PLACEHOLDER = 'http://127.0.0.1:9999'
const SAME_SITE_PLACEHOLDER = 'http://localhost:9999'

/** Starts everything; `stop` ends everything, in the other order, also after a start that failed half-way. */
export async function startWorld(name) {
  const started = []
  const stop = async () => {
    while (started.length > 0) await started.pop()()
  }
  try {
    const server = await startServer(name)
    started.push(server.stop)
    const application = await startApplication()
    started.push(application.stop)
    await applyRealm(server, REALM_FILE, application.origin)
    await application.useIssuer(server.issuer(REALM))
    const browser = await launch()
    started.push(() => browser.close())
    return { server, application, browser, issuer: server.issuer(REALM), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Applies a realm's document, with the application's real origin in it, and its other name on the issuer's site. */
export async function applyRealm(server, realmFile, origin) {
  const folder = await mkdtemp(join(tmpdir(), 'palatine-realm-'))
  try {
    const file = join(folder, 'realm.yaml')
    const document = (await readFile(realmFile, 'utf8')).replaceAll(PLACEHOLDER, origin)
    await writeFile(file, document.replaceAll(SAME_SITE_PLACEHOLDER, origin.replace('127.0.0.1', 'localhost')))
    await server.apply(file)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Fills in the sign-in page and sends it. */
export async function fillIn(page, { username, password }) {
  await page.locator('input[name=username]').fill(username)
  await page.locator('input[name=password]').fill(password)
  await page.locator('button[name=login]').click()
}

/** What the application learned about the person, once it shows it. */
export async function personAt(page) {
  await page.waitForSelector('#person')
  return JSON.parse(await page.locator('#person').textContent())
}
