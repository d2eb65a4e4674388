// A web application that signs people in with Auth.js, set up as its documentation shows for any OpenID provider.

import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { Auth, setEnvDefaults } from '@auth/core'

/** Starts the application on a free port; `useIssuer` says where it sends people. */
export async function startApplication() {
  let config
  const listener = createServer((request, response) => {
    handle(request, response, config).catch((error) => response.writeHead(500).end(error.stack))
  })
  await new Promise((settle) => listener.listen(0, '127.0.0.1', settle))
  const origin = `http://127.0.0.1:${listener.address().port}`
  return {
    origin,
    useIssuer(issuer, provider) {
      config = configuration(issuer, provider)
    },
    stop: () =>
      new Promise((settle) => {
        listener.close(settle)
        listener.closeAllConnections()
      }),
  }
}

function configuration(issuer, provider) {
  const config = {
    basePath: '/auth',
    secret: 'only-for-this-process-and-long-enough',
    trustHost: true,
    // Failures are answers here; its own log would only repeat them.
    logger: { error() {}, warn() {}, debug() {} },
    providers: [{ id: 'palatine', name: 'Palatine', type: 'oidc', issuer, ...provider }],
    callbacks: {
      jwt: ({ token, account, profile }) => (account ? { ...token, account, profile } : token),
      session: ({ session, token }) => ({ ...session, account: token.account, profile: token.profile }),
    },
  }
  setEnvDefaults({}, config)
  return config
}

async function handle(incoming, outgoing, config) {
  const url = `http://${incoming.headers.host}${incoming.url}`
  if (!incoming.url.startsWith('/auth')) return outgoing.writeHead(200).end('home')
  const hasBody = incoming.method === 'POST'
  const request = new Request(url, {
    method: incoming.method,
    headers: incoming.headers,
    ...(hasBody && { body: Readable.toWeb(incoming), duplex: 'half' }),
  })
  const answer = await Auth(request, config)
  outgoing.writeHead(answer.status, headersOf(answer))
  outgoing.end(Buffer.from(await answer.arrayBuffer()))
}

function headersOf(answer) {
  const headers = Object.fromEntries(answer.headers)
  const cookies = answer.headers.getSetCookie()
  return cookies.length > 0 ? { ...headers, 'set-cookie': cookies } : headers
}
