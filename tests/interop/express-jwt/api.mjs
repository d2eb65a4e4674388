// The archive's API: express-jwt with the realm's keys, as its documentation has it. Like many resource servers of its
// age it takes no token whose type is anything but `JWT`.

import express from 'express'
import { expressjwt } from 'express-jwt'
import jwksRsa from 'jwks-rsa'

/** Starts it on a free port. `GET /` says whose token was taken, or with 401 why it was not. */
export async function startApi(issuer) {
  const { jwks_uri: jwksUri } = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json()
  const keyOf = jwksRsa.expressJwtSecret({ jwksUri, cache: true })
  const ofTheOneType = (request, token) => (token?.header.typ === 'JWT' ? keyOf(request, token) : undefined)
  const api = express()
  api.use(expressjwt({ secret: ofTheOneType, audience: 'archive', issuer, algorithms: ['RS256'] }))
  api.get('/', (request, response) => response.json(request.auth))
  api.use((error, request, response, next) => {
    if (response.headersSent) return next(error)
    return response.status(error.status ?? 500).json({ refused: error.message })
  })
  const listener = await new Promise((settle) => {
    const started = api.listen(0, '127.0.0.1', () => settle(started))
  })
  const url = `http://127.0.0.1:${listener.address().port}/`
  return {
    call: async (token) => {
      const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
      return { status: answer.status, body: await answer.json() }
    },
    stop: () =>
      new Promise((settle) => {
        listener.close(settle)
        listener.closeAllConnections()
      }),
  }
}
