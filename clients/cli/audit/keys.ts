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
  'digests are verified with keys: give --keys FILE, which tvm audit keys writes, or say by --endpoint URL or TVM_ENDPOINT ' +
  'which service publishes them';

/** How long the keys may be under way, in milliseconds. */
const TIMEOUT = 10_000;

/** The longest key file that is read, in bytes. */
const MOST_BYTES = 65_536;

/**
 * What digests are verified with, from a key file, a URL or the service.
 *
 * @throws {Failure} when it cannot be read
 */
export async function auditKeys(source: string | undefined, options: GlobalOptions): Promise<AuditKeys> {
  const text = await read(source, options);
  const file = auditKeyFile.safeParse(parseJson(text));
  if (file.success) return { jwks: { keys: file.data.keys } as JSONWebKeySet, firstDigest: file.data.first_digest };
  if (file.error.issues.some(({ path }) => path[0] === 'first_digest')) {
    throw usageFailure('--keys: first_digest must have key and sha256, as `tvm audit keys` writes them', '--keys');
  }
  throw usageFailure('--keys must name a JSON Web Key Set with at least one key', '--keys');
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
        '--keys must be a file or an https URL: over http, anyone on the way could put keys of theirs',
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
    // Reported below, like an error status.
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
