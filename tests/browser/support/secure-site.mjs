// A single-page application's site, https, on another site than the issuer. It serves pages of the tests and the
// libraries' own files, unmodified, and shows what is posted to it.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PAGES = fileURLToPath(new URL('../pages', import.meta.url))
const resolve = createRequire(import.meta.url).resolve
const LIBRARIES = {
  '/lib/keycloak.js': resolve('keycloak-js'),
  '/lib/oidc-client-ts.js': join(dirname(resolve('oidc-client-ts/package.json')), 'dist/browser/oidc-client-ts.js'),
}

/**
 * Starts the site on a free port; `settings`, which its pages read, is set once the issuer is known.
 *
 * @param {string} host
 * @param {{certificate: Buffer, key: Buffer}} pem
 */
export async function startSecureSite(host, pem) {
  const site = { settings: {} }
  const listener = createServer({ cert: pem.certificate, key: pem.key }, (request, response) => {
    answer(site, request, response).catch((error) => send(response, 500, 'text/plain', error.stack))
  })
  await new Promise((settle) => listener.listen(0, '127.0.0.1', settle))
  site.origin = `https://${host}:${listener.address().port}`
  site.stop = () =>
    new Promise((settle) => {
      listener.close(settle)
      listener.closeAllConnections()
    })
  return site
}

async function answer(site, request, response) {
  const { pathname } = new URL(request.url, site.origin)
  if (pathname === '/favicon.ico') return response.writeHead(204).end()
  if (pathname === '/settings.js') {
    return send(response, 200, 'text/javascript', `export default ${JSON.stringify(site.settings)}`)
  }
  if (pathname in LIBRARIES) return send(response, 200, 'text/javascript', await readFile(LIBRARIES[pathname]))
  if (pathname === '/posted') return send(response, 200, 'text/html', posted(await body(request)))
  if (/^\/[a-z-]+\.html$/.test(pathname)) {
    return send(response, 200, 'text/html', await readFile(join(PAGES, pathname)))
  }
  return send(response, 404, 'text/plain', 'nothing here')
}

/** Hands what was posted to the page around this one. */
function posted(parameters) {
  const message = JSON.stringify(Object.fromEntries(parameters)).replaceAll('<', '\\u003c')
  return `<!doctype html><script>parent.postMessage(${message}, location.origin)</script>`
}

async function body(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

function send(response, status, type, content) {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' }).end(content)
}
