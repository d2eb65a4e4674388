// A certificate for the tests' sites, which the browser is told to trust by its key.

import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Makes a certificate for these names, with its files and the hash of its key.
 *
 * @param {string[]} names
 */
export async function makeCertificate(names) {
  const folder = await mkdtemp(join(tmpdir(), 'palatine-certificate-'))
  const [certificate, key] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')]
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-nodes', '-days', '2', '-subj', '/CN=palatine-tests'],
    ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', key, '-out', certificate],
    ...['-addext', `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')}`],
  ])
  const pem = { certificate: await readFile(certificate), key: await readFile(key) }
  const publicKey = new X509Certificate(pem.certificate).publicKey.export({ type: 'spki', format: 'der' })
  return {
    certificate,
    key,
    pem,
    keyHash: createHash('sha256').update(publicKey).digest('base64'),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
