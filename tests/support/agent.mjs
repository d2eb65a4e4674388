// A person's browser without script: a cookie jar, links, redirects and forms. It never opens an application's
// redirect URI but hands back what was sent there.

import { decodeEntities, formsOf } from './page.mjs'

const MOST_HOPS = 12

/** A browser profile: what one person's browser remembers. */
export class Agent {
  #cookies = new Map()

  /**
   * @param {object} [options]
   * @param {Record<string, string>} [options.headers]  sent with every request
   */
  constructor({ headers = {} } = {}) {
    this.headers = { 'accept-language': 'en', accept: 'text/html,application/xhtml+xml', ...headers }
  }

  /** The cookies that a request to `url` would carry. */
  cookiesFor(url) {
    const { hostname, pathname, protocol } = new URL(url)
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.host === hostname && covers(cookie.path, pathname))
      .filter((cookie) => !cookie.secure || protocol === 'https:')
  }

  /** Opens an address and follows redirects, up to the application's `redirectUri` if there is one. */
  async open(url, redirectUri) {
    return this.#request({ url: new URL(url), method: 'GET' }, redirectUri)
  }

  /**
   * Fills in a page's form and presses one of its buttons.
   *
   * @param {import('./page.mjs').Form} form
   * @param {string} button       the button's name
   * @param {Record<string, string>} filled
   * @param {string} [redirectUri]
   */
  async submit(form, button, filled = {}, redirectUri) {
    const body = new URLSearchParams(form.fields)
    for (const [name, value] of Object.entries(filled)) body.set(name, value)
    if (form.buttons.has(button)) body.set(button, form.buttons.get(button))
    if (form.method === 'post') return this.#request({ url: form.action, method: 'POST', body }, redirectUri)
    const url = new URL(form.action)
    url.search = body.toString()
    return this.#request({ url, method: 'GET' }, redirectUri)
  }

  async #request(request, redirectUri) {
    let { url, method, body } = request
    for (let hop = 0; hop < MOST_HOPS; hop += 1) {
      const answer = await this.#send(url, method, body)
      const location = answer.headers.get('location')
      if (!location || answer.status < 300 || answer.status >= 400) return pageFrom(answer, url, redirectUri)
      await answer.arrayBuffer()
      url = new URL(location, url)
      if (redirectUri && leadsTo(url, redirectUri)) return { answeredAt: url, parameters: parametersOf(url) }
      if (answer.status !== 307 && answer.status !== 308) [method, body] = ['GET', undefined]
    }
    throw new Error(`more than ${MOST_HOPS} redirects, the last one to ${url}`)
  }

  async #send(url, method, body) {
    const headers = { ...this.headers }
    const cookies = this.cookiesFor(url)
    if (cookies.length > 0) headers.cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { method, body, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) this.#remember(line, url)
    return answer
  }

  #remember(line, url) {
    const [pair, ...attributes] = line.split(';').map((part) => part.trim())
    const [name, value] = splitOnce(pair, '=')
    const cookie = { name, value, host: url.hostname, path: '/', secure: false }
    let gone = false
    for (const attribute of attributes) {
      const [key, setting] = splitOnce(attribute, '=')
      if (/^path$/i.test(key)) cookie.path = setting
      if (/^secure$/i.test(key)) cookie.secure = true
      if (/^max-age$/i.test(key)) gone = Number(setting) <= 0
      if (/^expires$/i.test(key)) gone ||= Date.parse(setting) <= Date.now()
    }
    const key = `${cookie.host} ${cookie.path} ${name}`
    if (gone) this.#cookies.delete(key)
    else this.#cookies.set(key, cookie)
  }
}

/**
 * Goes from an authorization request to the application's redirect URI: signs in where a page asks for it and accepts
 * where a page asks for consent.
 *
 * @param {Agent} agent
 * @param {URL | string} authorizationUrl
 * @param {{username: string, password: string, redirectUri: string}} person
 * @returns {Promise<{answeredAt: URL, parameters: URLSearchParams, formPost?: import('./page.mjs').Form}>}
 */
export async function authorize(agent, authorizationUrl, { username, password, redirectUri }) {
  let page = await agent.open(authorizationUrl, redirectUri)
  for (let step = 0; step < 4 && !page.parameters; step += 1) {
    const login = page.forms.find((form) => form.inputs.has('password'))
    const consent = page.forms.find((form) => form.buttons.has('accept'))
    if (login) page = await agent.submit(login, 'login', { username, password }, redirectUri)
    else if (consent) page = await agent.submit(consent, 'accept', {}, redirectUri)
    else break
  }
  if (!page.parameters) throw new Error(`no way on from ${page.url} (${page.status}):\n${page.text}`)
  return page
}

async function pageFrom(answer, url, redirectUri) {
  const html = await answer.text()
  const forms = formsOf(html, url)
  const formPost = redirectUri && forms.find((form) => form.method === 'post' && form.action.href === redirectUri)
  if (formPost) {
    const parameters = new URLSearchParams(formPost.fields)
    return { answeredAt: formPost.action, parameters, formPost, html, status: answer.status, headers: answer.headers }
  }
  return { url, status: answer.status, headers: answer.headers, html, text: textOf(html), forms }
}

function textOf(html) {
  const visible = html.replace(/<(script|style|template)\b.*?<\/\1>/gis, ' ').replace(/<[^>]*>/g, ' ')
  return decodeEntities(visible).replace(/[\u2066-\u2069]/g, '').replace(/\s+/g, ' ').trim()
}

function leadsTo(url, redirectUri) {
  const bare = new URL(url)
  bare.search = ''
  bare.hash = ''
  return bare.href === new URL(redirectUri).href
}

function parametersOf(url) {
  return new URLSearchParams(url.search || url.hash.slice(1))
}

function covers(cookiePath, path) {
  if (!path.startsWith(cookiePath)) return false
  return cookiePath.endsWith('/') || path.length === cookiePath.length || path[cookiePath.length] === '/'
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}
