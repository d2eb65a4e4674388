// An API's documentation with Swagger UI's stock files, on a site of its own. `GET /orders` says what it was sent.

import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import swaggerUi from 'swagger-ui-dist'

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json' }

/** Starts it on a free port; `document` is set once the issuer is known. */
export async function startSwaggerUi() {
  const site = { document: undefined }
  const listener = createServer((request, response) => {
    answer(site, request, response).catch(() => response.writeHead(404).end())
  })
  await new Promise((settle) => listener.listen(0, '127.0.0.1', settle))
  site.origin = `http://127.0.0.1:${listener.address().port}`
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
  if (pathname === '/openapi.json') return send(response, '.json', JSON.stringify(site.document))
  if (pathname === '/orders') return send(response, '.json', JSON.stringify({ sent: request.headers.authorization }))
  if (pathname === '/') return send(response, '.html', page(site.origin))
  const file = join(swaggerUi.absolutePath(), normalize(pathname))
  return send(response, extname(file), await readFile(file))
}

function send(response, extension, body) {
  response.writeHead(200, { 'content-type': TYPES[extension] ?? 'application/octet-stream' }).end(body)
}

function page(origin) {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Orders</title>
<link rel="stylesheet" href="/swagger-ui.css"></head><body><div id="ui"></div>
<script src="/swagger-ui-bundle.js"></script>
<script>
  const ui = SwaggerUIBundle({
    url: '/openapi.json', dom_id: '#ui', oauth2RedirectUrl: '${origin}/oauth2-redirect.html', validatorUrl: null,
  })
  ui.initOAuth({ usePkceWithAuthorizationCodeGrant: true })
</script></body></html>`
}

/** The document of an API that takes tokens of `issuer`, got in either of two ways. */
export function documentFor(issuer) {
  const endpoint = `${issuer}/protocol/openid-connect`
  const scopes = { 'orders:read': 'Read orders' }
  return {
    openapi: '3.0.3',
    info: { title: 'Orders', version: '1' },
    paths: {
      '/orders': {
        get: {
          operationId: 'orders',
          security: [{ person: ['orders:read'] }, { service: ['orders:read'] }],
          responses: { 200: { description: 'What was sent.' } },
        },
      },
    },
    components: {
      securitySchemes: {
        person: {
          type: 'oauth2',
          flows: {
            authorizationCode: { authorizationUrl: `${endpoint}/auth`, tokenUrl: `${endpoint}/token`, scopes },
          },
        },
        service: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: `${endpoint}/token`, scopes } } },
      },
    },
  }
}
