// An issuer and a single-page application on two different sites, both https, and browsers that let third-party
// cookies through or do not.

import { fileURLToPath } from 'node:url'
import { startServer } from '../../support/server.mjs'
import { makeCertificate } from './certificates.mjs'
import { openStoredProfile } from './chromium.mjs'
import { startSecureSite } from './secure-site.mjs'
import { applyRealm } from './world.mjs'

const ISSUER_HOST = 'id.palatine.example'
const APPLICATION_HOST = 'app.shop.example'
const REALM_FILE = fileURLToPath(new URL('../single-page.yaml', import.meta.url))

/** Starts everything; `stop` ends everything, in the other order, also after a start that failed half-way. */
export async function startSecureWorld(name) {
  const started = []
  const stop = async () => {
    while (started.length > 0) await started.pop()()
  }
  try {
    const certificate = await makeCertificate([ISSUER_HOST, APPLICATION_HOST])
    started.push(certificate.remove)
    const server = await startServer(name, { host: ISSUER_HOST, ...certificate })
    started.push(server.stop)
    const site = await startSecureSite(APPLICATION_HOST, certificate.pem)
    started.push(site.stop)
    await applyRealm(server, REALM_FILE, site.origin)
    const issuer = server.issuer('single-page')
    site.settings = { issuer, publicUrl: server.publicUrl, realm: 'single-page' }
    const profile = (thirdPartyCookies) => openStoredProfile({ thirdPartyCookies, trustedKey: certificate.keyHash })
    return { server, origin: site.origin, issuer, profile, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
