import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import tls, { createSecureContext, type SecureContext } from 'node:tls';
import { SourceFailure } from '../model/source.ts';
import type { Transport } from '../settings/transport.ts';

/** What TLS connections present and trust. */
export interface Certificates {
  /**
   * Returns the context for a connection: the same object while the files are unchanged.
   *
   * @throws {SourceFailure} naming the file that cannot be read, or the content that is missing in it
   */
  current(): Promise<SecureContext>;
  /**
   * Makes later contexts trust the certificates of the system too, unless they trust only those of a `ca_file`.
   *
   * The system's store is read only when Node's own certificates are not enough: it takes 60 ms and 7 MiB, and most
   * issuers have public certificates. Node reads it once in a process.
   *
   * @returns whether contexts trust the system from now on
   * @see https://nodejs.org/api/tls.html#tlsgetcacertificatestype, which says where each platform has its store
   */
  trustSystem(): boolean;
  readonly trustsSystem: boolean;
}

/** The start of a certificate, by the labels of PEM_read_bio_X509(3). */
const AUTHORITY = /^-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/;

/** The contexts in use, by the paths of their files. Each takes about 50 KiB, and many tokens may share an issuer. */
const inUse = new Map<string, WeakRef<Certificates>>();

/** Returns the certificates of a transport, from its files. A file that changes is read again. */
export function certificates({ ca_file, client_certificate }: Transport): Certificates {
  const paths = [ca_file, client_certificate?.cert_path, client_certificate?.key_path];
  const key = JSON.stringify(paths);
  const known = inUse.get(key)?.deref() ?? read(paths);
  inUse.set(key, new WeakRef(known));
  return known;
}

function read(paths: (string | undefined)[]): Certificates {
  const [caFile] = paths;
  let trustsSystem = false;
  let current: { stamp: string; context: Promise<SecureContext> } | undefined;
  return {
    async current() {
      // Compares the files before it reads them, so that a change in between is noticed the next time.
      const stamp = (await Promise.all(paths.map(stampOf))).join();
      if (current?.stamp !== stamp) {
        const context = Promise.all(paths.map(contentOf)).then(([ca, cert, key]) =>
          contextOf({ ca: trustsSystem ? publicAndSystem() : ca, cert, key }, caFile),
        );
        current = { stamp, context };
        // A fix of the file's mode does not change its modification time.
        context.catch(() => {
          current = undefined;
        });
      }
      return await current.context;
    },
    trustSystem() {
      // Node 22.14 cannot read the system's store.
      if (trustsSystem || caFile !== undefined || tls.getCACertificates === undefined) return trustsSystem;
      trustsSystem = true;
      current = undefined;
      return true;
    },
    get trustsSystem() {
      return trustsSystem;
    },
  };
}

function publicAndSystem(): string[] {
  return [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
}

async function stampOf(path: string | undefined): Promise<string> {
  if (path === undefined) return '';
  const { mtimeMs, size, ino } = await stat(path).catch(unreadable(path));
  return `${mtimeMs} ${size} ${ino}`;
}

async function contentOf(path: string | undefined): Promise<string | undefined> {
  return path === undefined ? undefined : await readFile(path, 'utf8').catch(unreadable(path));
}

function unreadable(path: string): (error: NodeJS.ErrnoException) => never {
  return ({ code }) => {
    throw new SourceFailure(`${path} cannot be read (${code})`);
  };
}

function contextOf(
  pem: { ca?: string | string[]; cert?: string; key?: string },
  caFile: string | undefined,
): SecureContext {
  if (caFile !== undefined) checkAuthorities(String(pem.ca), caFile);
  try {
    return createSecureContext({ ...pem, minVersion: 'TLSv1.2' });
  } catch {
    throw new SourceFailure('client_certificate: the files contain no certificate and key (PEM) that belong together');
  }
}

/** Checks each certificate. OpenSSL ignores one that it cannot read, and all after it, and then trusts too few. */
function checkAuthorities(pem: string, caFile: string): void {
  const certificates = pem.split(/(?=-----BEGIN )/).filter((part) => AUTHORITY.test(part));
  if (certificates.length === 0) throw new SourceFailure(`ca_file ${caFile} contains no certificate (PEM)`);
  for (const [index, certificate] of certificates.entries()) {
    try {
      new X509Certificate(certificate);
    } catch {
      throw new SourceFailure(`certificate ${index + 1} in ca_file ${caFile} cannot be read`);
    }
  }
}
