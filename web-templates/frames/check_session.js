// Tells the page that this frame is in whether the browser's session is still the one that the page knows
// (OpenID Connect Session Management 1.0, section 3.2). Asked by a message `client_id SP session_state`, or, as
// keycloak-js does, `client_id SP sid`, where nothing after the space means "nobody is signed in"; answers `unchanged`,
// `changed`, or `error`.
(() => {
  'use strict'

  const COOKIE = 'pal_state'

  // SHA-256 (FIPS 180-4), because browsers have `crypto.subtle` on https alone. Its constants are the first 32 bits of
  // the fractional parts of the roots of the first primes.
  const primes = []
  for (let n = 2; primes.length < 64; n += 1) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  }
  const fraction = (root) => ((root - Math.floor(root)) * 2 ** 32) | 0
  const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
  const ROUND = primes.map((prime) => fraction(Math.cbrt(prime)))
  const turn = (word, by) => (word >>> by) | (word << (32 - by))

  function padded(bytes) {
    const blocks = Math.ceil((bytes.length + 9) / 64)
    const view = new DataView(new ArrayBuffer(blocks * 64))
    bytes.forEach((byte, at) => view.setUint8(at, byte))
    view.setUint8(bytes.length, 0x80)
    view.setUint32(blocks * 64 - 4, bytes.length * 8)
    return view
  }

  function compress(state, block, offset) {
    const w = []
    for (let i = 0; i < 64; i += 1) {
      if (i < 16) {
        w[i] = block.getInt32(offset + i * 4)
      } else {
        const s0 = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3)
        const s1 = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10)
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0
      }
    }
    let [a, b, c, d, e, f, g, h] = state
    for (let i = 0; i < 64; i += 1) {
      const choice = (e & f) ^ (~e & g)
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + choice + ROUND[i] + w[i]) | 0
      const majority = (a & b) ^ (a & c) ^ (b & c)
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + majority) | 0
      ;[a, b, c, d, e, f, g, h] = [(one + two) | 0, a, b, c, (d + one) | 0, e, f, g]
    }
    return [a, b, c, d, e, f, g, h].map((word, i) => (word + state[i]) | 0)
  }

  /** SHA-256 of the UTF-8 text, as base64url. */
  function sha256(text) {
    const blocks = padded(new TextEncoder().encode(text))
    let state = START
    for (let offset = 0; offset < blocks.byteLength; offset += 64) state = compress(state, blocks, offset)
    const bytes = state.flatMap((word) => [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255])
    return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
  }

  /** What the browser says of its session; undefined if nobody is signed in. A name that comes twice is not believed. */
  function browserState() {
    const values = document.cookie.split('; ').filter((pair) => pair.startsWith(`${COOKIE}=`))
    return values.length === 1 ? values[0].slice(COOKIE.length + 1) : undefined
  }

  /** Whether the browser hides our cookies from this frame, so that it cannot know. */
  async function isBlind() {
    return window.isSecureContext && document.hasStorageAccess !== undefined && !(await document.hasStorageAccess())
  }

  const answers = new Map()

  /** Whether a page of this origin may ask about the client. Only what the server said is remembered. */
  async function mayAsk(clientId, origin) {
    const asked = `${location.pathname}/init?${new URLSearchParams({ client_id: clientId, origin })}`
    if (!answers.has(asked)) {
      const { status } = await fetch(asked, { credentials: 'omit' })
      if (status !== 204 && status !== 403) return false
      answers.set(asked, status === 204)
    }
    return answers.get(asked)
  }

  /** Whether `known`, a `session_state`, a `sid` or nothing, is about the session that the browser has. */
  function isSame(known, clientId, origin, state) {
    if (state === undefined || known === '') return state === undefined && known === ''
    const [, salt] = known.split('.')
    return salt === undefined
      ? sha256(known) === state.split('.')[1]
      : `${sha256(`${clientId} ${origin} ${state} ${salt}`)}.${salt}` === known
  }

  async function answer(message, origin) {
    // A client_id may have spaces in it, what follows it has none.
    const space = typeof message === 'string' ? message.lastIndexOf(' ') : -1
    if (space < 1) return 'error'
    const clientId = message.slice(0, space)
    if (!(await mayAsk(clientId, origin))) return 'error'
    const state = browserState()
    if (state === undefined && (await isBlind())) return 'error'
    return isSame(message.slice(space + 1), clientId, origin, state) ? 'unchanged' : 'changed'
  }

  window.addEventListener('message', async ({ source, origin, data }) => {
    // A page without an origin is no client's, and cannot be answered; this frame's own messages are no questions.
    if (!source || source === window || origin === 'null') return
    source.postMessage(await answer(data, origin).catch(() => 'error'), origin)
  })
})()
