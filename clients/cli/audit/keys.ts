import { readFile } from 'node:fs/promises';
import { isLoopback } from '@tvm/api/loopback.ts';
import { auditKeyFile } from '@tvm/contract/audit-digest.ts';
import { boundedText } from '@tvm/contract/bounded-text.ts';
import type { AuditKeys } from '@tvm/core/audit/archive/digest-chain.ts';
import { Failure, usageFailure } from '@tvm/terminal/failure.ts';
import type { JSONWebKeySet } from 'jose';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { resolveEndpoint } from '../connection/settings.ts';

const NO_KEYS =
  'the keys that verify digests are missing: give --keys FILE, as written by tvm audit keys, or --endpoint URL ' +
  '(or TVM_ENDPOINT) of the service that publishes them';

/** The timeout for fetching the keys, in milliseconds. */
const TIMEOUT = 10_000;

/** The maximum size of a key file, in bytes. */
const MOST_BYTES = 65_536;

/**
 * Returns the keys that verify digests, from a key file, a URL or the service.
 *
 * @throws {Failure} if the keys cannot be read
 */
export async function auditKeys(source: string | undefined, options: GlobalOptions): Promise<AuditKeys> {
  const text = await read(source, options);
  const file = auditKeyFile.safeParse(parseJson(text));
  if (file.success) return { jwks: { keys: file.data.keys } as JSONWebKeySet, firstDigest: file.data.first_digest };
  if (file.error.issues.some(({ path }) => path[0] === 'first_digest')) {
    throw usageFailure('--keys: first_digest must have key and sha256, as written by `tvm audit keys`', '--keys');
  }
  throw usageFailure('--keys must be a JSON Web Key Set with at least one key', '--keys');
}

async function read(source: string | undefined, options: GlobalOptions): Promise<string> {
  if (source === undefined) {
    if (options.endpoint === undefined && !process.env.TVM_ENDPOINT) throw usageFailure(NO_KEYS, '--endpoint');
    const { href } = resolveEndpoint(options, process.env);
    return fetched(new URL(`${href.replace(/\/+$/, '')}/.well-known/audit-keys.json`));
  }
  if (/^https?:/.test(source)) {
    const url = URL.parse(source);
    if (url === null || (url.protocol === 'http:' && !isLoopback(url.hostname))) {
      throw usageFailure(
        '--keys must be a file or an https URL: over http, an attacker on the network could replace the keys',
        '--keys',
      );
    }
    return fetched(url);
  }
  return readFile(source, 'utf8').catch(() => {
    throw usageFailure(`--keys ${JSON.stringify(source)} cannot be read`, '--keys');
  });
}

async function fetched(url: URL): Promise<string> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) });
    if (response.ok) return await boundedText(response, MOST_BYTES);
  } catch {
    // Reported below, together with error statuses.
  }
  throw new Failure(`the keys could not be fetched from ${url.host}`, {
    code: 'unreachable',
    exitCode: exitCodes.fault,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
