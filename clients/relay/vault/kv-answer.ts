import * as z from 'zod';
import { SourceFailure } from '../model/source.ts';
import type { VaultAnswer } from './client.ts';
import { VaultRefusal } from './refusal.ts';

/** A version of a secret of KV version 2. One that was deleted or destroyed has no data; its status is 404 then. */
const versioned = z.object({
  data: z.record(z.string(), z.unknown()).nullable(),
  metadata: z.object({
    version: z.number(),
    deletion_time: z.string().optional(),
    destroyed: z.boolean().optional(),
  }),
});

/** What was asked for. */
export interface KvQuestion {
  /** How sentences call the server. */
  server: string;
  path: string;
  /** Of the engine, if somebody said it. */
  version: 1 | 2 | undefined;
  /** In milliseconds since the epoch. */
  now: number;
}

/**
 * The secret in an answer of the key-value engine.
 *
 * @returns also when it ends, in milliseconds since the epoch: version 2 deletes a version at its `deletion_time`
 * @throws {SourceFailure} when there is none
 */
export function secretIn(
  answer: VaultAnswer & { status: number },
  { server, path, version, now }: KvQuestion,
): { data: Record<string, unknown>; expiresAt?: number } {
  const found = version === 1 ? undefined : versioned.safeParse(answer.data).data;
  if (found === undefined) {
    if (answer.status === 404) throw new VaultRefusal(server, withHint(path, version), 404);
    if (version === 2)
      throw new SourceFailure(`${path} is no secret of KV version 2: is data/ in it, after the mount?`);
    // Whoever reads it under a lease must renew that, or replace it when it ends.
    if (answer.lease_id) throw new SourceFailure(`${path} is leased: its type must be vault_dynamic`);
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

/** The commonest mistake with version 2. */
function withHint(path: string, version: 1 | 2 | undefined): string {
  return version === 1 || path.split('/').includes('data')
    ? path
    : `${path} (KV version 2 wants data/ after the mount)`;
}
