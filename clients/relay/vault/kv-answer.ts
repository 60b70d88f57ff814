import * as z from 'zod';
import { rounded } from '../model/exact-json.ts';
import { SourceFailure } from '../model/source.ts';
import type { VaultAnswer } from './client.ts';
import { VaultRefusal } from './refusal.ts';

/** A secret version of KV version 2. A deleted or destroyed version has no data, and the status is 404. */
const versioned = z.object({
  data: z.record(z.string(), z.unknown()).nullable(),
  metadata: z.object({
    version: z.preprocess(rounded, z.number()),
    deletion_time: z.string().optional(),
    destroyed: z.boolean().optional(),
  }),
});

/** The request that was sent. */
export interface KvQuestion {
  /** The server's name for messages. */
  server: string;
  path: string;
  /** The version of the engine, if configured. */
  version: 1 | 2 | undefined;
  /** The current time in milliseconds since the epoch. */
  now: number;
}

/**
 * Reads the secret from a response of the key-value engine.
 *
 * @returns the secret, and its expiry in milliseconds since the epoch if version 2 has a `deletion_time`
 * @throws {SourceFailure} if the response has no secret
 */
export function secretIn(
  answer: VaultAnswer & { status: number },
  { server, path, version, now }: KvQuestion,
): { data: Record<string, unknown>; expiresAt?: number } {
  const found = version === 1 ? undefined : versioned.safeParse(answer.data).data;
  if (found === undefined) {
    if (answer.status === 404) throw new VaultRefusal(server, withHint(path, version), 404);
    if (version === 2)
      throw new SourceFailure(`${path} is not a secret of KV version 2: the path must have data/ after the mount`);
    // A leased secret must be renewed or replaced, which this source does not do.
    if (answer.lease_id) throw new SourceFailure(`${path} has a lease: its type must be vault_dynamic`);
    return { data: answer.data ?? {} };
  }
  const { data, metadata } = found;
  const { deletion_time, destroyed } = metadata;
  const endsAt = Date.parse(deletion_time ?? '');
  if (destroyed || data === null || endsAt <= now) {
    throw new SourceFailure(`${path}: version ${metadata.version} was ${destroyed ? 'destroyed' : 'deleted'}`);
  }
  return { data, ...(Number.isFinite(endsAt) && { expiresAt: endsAt }) };
}

/** Adds a hint on the most common mistake with version 2 to a path. */
function withHint(path: string, version: 1 | 2 | undefined): string {
  return version === 1 || path.split('/').includes('data')
    ? path
    : `${path} (KV version 2 needs data/ after the mount)`;
}
