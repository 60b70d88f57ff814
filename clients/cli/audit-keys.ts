import { readFile } from 'node:fs/promises';
import type { JSONWebKeySet } from 'jose';
import * as z from 'zod';
import { boundedText } from '../../core/bounded-text.ts';
import { isLoopback } from '../loopback.ts';
import { exitCodes, Failure, usageFailure } from './failure.ts';
import type { GlobalOptions } from './global-options.ts';
import { resolveEndpoint } from './settings.ts';

/** How long the keys may be under way, in milliseconds. */
const TIMEOUT = 10_000;

/** The longest key set that is read, in bytes. */
const MOST_BYTES = 65_536;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/**
 * The public keys that digests are verified with: from a file, a URL, or the machine.
 *
 * @throws {Failure} when there are none
 */
export async function auditKeys(source: string | undefined, options: GlobalOptions): Promise<JSONWebKeySet> {
  const text = await read(source, options);
  const keys = keySet.safeParse(parseJson(text));
  if (keys.success) return keys.data as JSONWebKeySet;
  throw usageFailure('--keys must name a JSON Web Key Set with at least one key', '--keys');
}

async function read(source: string | undefined, options: GlobalOptions): Promise<string> {
  if (source === undefined) {
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
    // Told below: it makes no difference to whoever asks.
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
