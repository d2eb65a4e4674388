// The application that people sign in to: a web application with a backend, on a site of its own. The issuer is
// `http://localhost:…`, this is `http://127.0.0.1:…`: another host, so another site to the browser.

import { createServer } from 'node:http'
import * as client from 'openid-client'

/** The registered clients of `realm.yaml` and their secrets. */
const SECRETS = { billing: 'billing-secret', partner: 'partner-secret', listener: 'listener-secret' }

/**
 * Starts the application. Its issuer may be set later, since the realm is applied with the application's origin in it.
 *
 * @returns {Promise<{origin: string, sameSiteOrigin: string, heard: object[], useIssuer: (issuer: string) => Promise<void>, stop: () => Promise<void>}>}
 */
export async function startApplication() {
  const application = new Application()
  const listener = createServer((request, response) => {
    application.answer(request, response).catch((error) => page(response, 500, 'Failure', escape(error.stack)))
  })
  await new Promise((settle) => listener.listen(0, '127.0.0.1', settle))
  application.origin = `http://127.0.0.1:${listener.address().port}`
  return {
    origin: application.origin,
    // The same server under another name: the issuer's site, but another origin.
    sameSiteOrigin: application.origin.replace('127.0.0.1', 'localhost'),
    heard: application.heard,
    useIssuer: (issuer) => application.useIssuer(issuer),
    stop: () => new Promise((settle) => {
      listener.close(settle)
      listener.closeAllConnections()
    }),
  }
}

class Application {
  #configurations = new Map()
  #begun = new Map()
  /** What front-channel logout said, in the order of its coming. */
  heard = []

  async useIssuer(issuer) {
    for (const [id, secret] of Object.entries(SECRETS)) {
      const configuration = await client.discovery(new URL(issuer), id, secret, client.ClientSecretBasic(secret), {
        execute: [client.allowInsecureRequests],
      })
      this.#configurations.set(id, configuration)
    }
  }

  async answer(request, response) {
    const url = new URL(request.url, this.origin)
    const routes = {
      'GET /': () => page(response, 200, 'Billing', '<a href="/start">Sign in</a>'),
      'GET /start': async () => redirect(response, await this.#begin(url.searchParams)),
      'GET /callback': () => this.#callback(response, url),
      'POST /callback': async () => this.#received(response, await body(request)),
      'POST /from-fragment': async () => this.#received(response, await body(request)),
      'GET /sign-out': () => redirect(response, this.#signOut(url.searchParams)),
      'GET /heard': () => {
        this.heard.push(Object.fromEntries(url.searchParams))
        return page(response, 200, 'Heard', '')
      },
      'GET /signed-out': () => page(response, 200, 'Back at Billing', `<p id="query">${escape(url.search)}</p>`),
      'GET /silent': () => page(response, 200, 'Silent renewal', frame(url)),
      'GET /monitor': () => page(response, 200, 'Session monitor', ''),
      'GET /favicon.ico': () => response.writeHead(204).end(),
    }
    const route = routes[`${request.method} ${url.pathname}`]
    await (route ? route() : page(response, 404, 'Nothing here', ''))
  }

  /** Keeps what the answer will be checked against, and says where to send the person. */
  async #begin(asked) {
    const { client: id = 'billing', ...parameters } = Object.fromEntries(asked)
    const checks = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
    }
    this.#begun.set(checks.expectedState, { id, checks })
    return client.buildAuthorizationUrl(this.#configurations.get(id), {
      redirect_uri: `${this.origin}/callback`,
      scope: 'openid profile email',
      code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: checks.expectedState,
      nonce: checks.expectedNonce,
      ...parameters,
    })
  }

  async #callback(response, url) {
    if (url.search) return this.#received(response, url.searchParams)
    // Nothing in the query: the answer is behind the hash sign, where only the browser can read it.
    return page(response, 200, 'Reading the answer', FROM_FRAGMENT)
  }

  async #received(response, parameters) {
    const { id, checks } = this.#begun.get(parameters.get('state')) ?? {}
    if (!id) return page(response, 400, 'Unknown state', '')
    if (parameters.has('error')) {
      return page(response, 200, 'Not signed in', `<p id="error">${escape(parameters.get('error'))}</p>`)
    }
    const answer = new URL(`${this.origin}/callback?${parameters}`)
    const configuration = this.#configurations.get(id)
    const tokens = await client.authorizationCodeGrant(configuration, answer, checks)
    const person = await client.fetchUserInfo(configuration, tokens.access_token, tokens.claims().sub)
    const facts = { ...person, auth_time: tokens.claims().auth_time, sid: tokens.claims().sid }
    const logout = `/sign-out?${new URLSearchParams({ client: id, id_token_hint: tokens.id_token })}`
    return page(
      response,
      200,
      'Signed in',
      `<pre id="person">${escape(JSON.stringify(facts))}</pre><a href="${escape(logout)}">Sign out</a>`,
    )
  }

  #signOut(asked) {
    const { client: id = 'billing', id_token_hint: hint } = Object.fromEntries(asked)
    return client.buildEndSessionUrl(this.#configurations.get(id), {
      ...(hint && { id_token_hint: hint }),
      post_logout_redirect_uri: `${this.origin}/signed-out`,
      state: 'kept',
    })
  }
}

const FROM_FRAGMENT = `<form method="post" action="/from-fragment"></form><script>
  const form = document.forms[0]
  for (const [name, value] of new URLSearchParams(location.hash.slice(1))) {
    form.append(Object.assign(document.createElement('input'), { type: 'hidden', name, value }))
  }
  form.submit()
</script>`

function frame(url) {
  const source = `/start?${new URLSearchParams({ ...Object.fromEntries(url.searchParams), prompt: 'none' })}`
  return `<iframe title="renewal" src="${escape(source)}"></iframe>`
}

async function body(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

function redirect(response, location) {
  response.writeHead(303, { location: String(location) }).end()
}

function page(response, status, title, content) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
  response.end(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><main><h1>${title}</h1>${content}</main></body></html>`)
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
