// Starts the `palatine` binary for a test file: free ports, a data folder of its own, ready before it returns, gone
// when the tests are done. Its output is kept in a file, whose end is shown when the server itself was at fault.

import { execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { setDefaultResultOrder } from 'node:dns'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

// The server listens on 127.0.0.1 and is called `localhost` in its URLs.
setDefaultResultOrder('ipv4first')

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const BINARY = resolve(process.env.PALATINE_BIN ?? join(REPOSITORY, 'target/debug/palatine'))
const LOGS = resolve(process.env.PALATINE_TEST_LOGS ?? join(REPOSITORY, 'target/test-logs'))
const READY_WITHIN_MS = 60_000
const STOPPED_WITHIN_MS = 15_000

/**
 * A running development server.
 *
 * @typedef {object} Server
 * @property {string} publicUrl           `http://localhost:<port>`, or https at the host that was asked for
 * @property {string} managementUrl       where `/health/ready` and `/metrics` are
 * @property {(slug: string) => string} issuer
 * @property {(...files: string[]) => Promise<void>} apply   loads realm documents, as `palatine apply` does
 * @property {() => Promise<void>} stop
 */

/**
 * Starts `palatine dev` and waits until it is ready.
 *
 * @param {string} name  names the log file; one per test file
 * @param {{host: string, certificate: string, key: string}} [tls]  serves https under this host, with these files
 * @returns {Promise<Server>}
 */
export async function startServer(name, tls) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(name, tls)
    } catch (error) {
      // Between finding a port and using it, somebody else may have taken it.
      if (attempt === 3 || !(error instanceof PortTaken)) throw error
    }
  }
}

class PortTaken extends Error {}

async function startOnce(name, tls) {
  const [port, managementPort] = await freePorts(2)
  const publicUrl = tls ? `https://${tls.host}:${port}` : `http://localhost:${port}`
  const managementUrl = `http://127.0.0.1:${managementPort}`
  const folder = await mkdtemp(join(tmpdir(), 'palatine-test-'))
  const dataDir = join(folder, 'data')
  await mkdir(LOGS, { recursive: true })
  const logFile = join(LOGS, `${name}.log`)
  const log = createWriteStream(logFile)

  const listen = tls
    ? ['--tls-listen', `127.0.0.1:${port}`, '--tls-certificate', tls.certificate, '--tls-key', tls.key]
    : ['--listen', `127.0.0.1:${port}`]
  const named = tls ? ['--public-url', publicUrl] : []
  const management = ['--management', `127.0.0.1:${managementPort}`]
  const child = spawn(BINARY, ['dev', ...listen, ...named, ...management, '--data-dir', dataDir], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  const exited = new Promise((settle) => {
    child.once('error', (error) => settle(`could not be started: ${error.message}`))
    child.once('exit', (code, signal) => settle(`ended by itself: ${signal ?? `exit code ${code}`}`))
  })
  const emergency = () => child.kill('SIGKILL')
  process.once('exit', emergency)

  async function stop() {
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), STOPPED_WITHIN_MS)
    await exited
    clearTimeout(patience)
    process.off('exit', emergency)
    log.end()
    await rm(folder, { recursive: true, force: true })
  }

  try {
    await ready(managementUrl, exited)
  } catch (error) {
    await stop()
    const tail = (await readFile(logFile, 'utf8')).split('\n').slice(-40).join('\n')
    const Kind = /address (already )?in use|port .* in use/i.test(tail) ? PortTaken : Error
    throw new Kind(`${BINARY} dev ${error.message}\nthe end of ${logFile}:\n${tail}`)
  }

  return {
    publicUrl,
    managementUrl,
    issuer: (slug) => `${publicUrl}/realms/${slug}`,
    apply: (...files) => apply(dataDir, folder, files),
    stop,
  }
}

async function ready(managementUrl, exited) {
  const deadline = Date.now() + READY_WITHIN_MS
  let ended
  exited.then((how) => (ended = how))
  for (;;) {
    if (ended) throw new Error(ended)
    if (Date.now() > deadline) throw new Error(`was not ready within ${READY_WITHIN_MS / 1000} s`)
    const answer = await fetch(`${managementUrl}/health/ready`).catch(() => undefined)
    if (answer?.status === 200) return
    await new Promise((settle) => setTimeout(settle, 50))
  }
}

async function apply(dataDir, cwd, files) {
  const args = ['apply', '--data-dir', dataDir, ...files.flatMap((file) => ['-f', resolve(file)])]
  try {
    await promisify(execFile)(BINARY, args, { cwd, env: environment() })
  } catch (error) {
    throw new Error(`palatine ${args.join(' ')} failed:\n${error.stdout ?? ''}${error.stderr ?? error.message}`)
  }
}

// The tests' server reads no setting that happens to lie in the caller's environment.
function environment() {
  const inherited = Object.entries(process.env).filter(([key]) => !key.startsWith('PALATINE__'))
  return Object.fromEntries(inherited)
}

/**
 * Ports of 127.0.0.1 that nobody listens on now.
 *
 * @param {number} count
 * @returns {Promise<number[]>} distinct ports
 */
export async function freePorts(count) {
  const listeners = await Promise.all(Array.from({ length: count }, listenAnywhere))
  const ports = listeners.map((listener) => listener.address().port)
  await Promise.all(listeners.map((listener) => new Promise((settle) => listener.close(settle))))
  return ports
}

function listenAnywhere() {
  return new Promise((settle, fail) => {
    const listener = createServer()
    listener.once('error', fail)
    listener.listen(0, '127.0.0.1', () => settle(listener))
  })
}
