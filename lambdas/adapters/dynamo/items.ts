import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AuditedItem, accessOf } from '@tvm/core/audit/audit-event.ts';
import type { AuditFact, Introspections } from '@tvm/core/records/audit-fact.ts';
import type { SubjectStatus } from '@tvm/core/records/subject-status.ts';
import { denialOf, type TokenRecord } from '@tvm/core/records/token-record.ts';
import { type IndexEntry, indexPosition, PENDING } from '@tvm/core/records/token-selector.ts';
import type { RevocationState } from '@tvm/core/revocation/requests/revocation-request.ts';

// The layout of the token records table. docs/reference/storage-schema.md describes its access patterns and costs.

export const INDEX_BY_SUBJECT = 'by-subject';

export const INDEX_BY_EXPIRY = 'by-expiry';

/** Number of index partitions per subject, and per minute of expiry. Spreading the writes avoids hot partitions. */
export const SHARDS = 16;

type Item = Record<string, AttributeValue>;

export function recordKey(tokenId: string): Item {
  return marshall({ pk: `TOKEN#${tokenId}`, sk: 'RECORD' });
}

export function subjectStatusKey(subject: string): Item {
  return marshall({ pk: `SUBJECT#${subject}`, sk: 'STANDING' });
}

/**
 * The key of the count of a resource server's introspections of a token with the same result.
 *
 * @param minute a time, in milliseconds, within the minute that is counted
 */
export function introspectionsKey({ tokenId, minute, result, by }: Omit<Introspections, 'count' | 'last'>): Item {
  return marshall({ pk: `TOKEN#${tokenId}`, sk: `INTROSPECTED#${minuteOf(minute)}#${result}#${by}` });
}

/** The key of a fact for the audit. A fact about a token is in the partition of the token's record. */
export function factKey(id: string, { detail }: AuditFact): Item {
  const tokenId = 'tokenId' in detail ? detail.tokenId : undefined;
  return marshall({ pk: tokenId === undefined ? `FACT#${id}` : `TOKEN#${tokenId}`, sk: `FACT#${id}` });
}

/**
 * The key of a fact about a subject's status. It is in the subject's partition, so that the stream delivers the facts
 * of a subject in order.
 */
export function subjectFactKey(subject: string, id: string): Item {
  return { ...subjectStatusKey(subject), ...marshall({ sk: `FACT#${id}` }) };
}

/** The key of a received security event token. */
export function receivedSecurityEventKey(issuer: string, jti: string): Item {
  return marshall({ pk: `SET#${issuer}#${jti}`, sk: 'SET' });
}

/** The key of the only use of a proof. */
export function proofKey(key: string): Item {
  return marshall({ pk: `PROOF#${key}`, sk: 'PROOF' });
}

/** The partition of the security event tokens that a receiver has yet to poll. */
export function pendingSecurityEventsPartition(receiver: string): string {
  return `POLL#${receiver}`;
}

/** The key of a security event token that a receiver has yet to poll. */
export function pendingSecurityEventKey(receiver: string, jti: string): Item {
  return marshall({ pk: pendingSecurityEventsPartition(receiver), sk: `SET#${jti}` });
}

/** The key of the sweep's checkpoint: all tokens that expired up to this minute are marked as expired. */
export const SWEEP_KEY: Item = marshall({ pk: 'SWEEP', sk: 'CHECKPOINT' });

/** The key of the most recently seen policies and signing keys. */
export const DEPLOYMENT_KEY: Item = marshall({ pk: 'DEPLOYMENT', sk: 'CURRENT' });

export function revocationRequestKey(revocationId: string): Item {
  return marshall({ pk: `ORDER#${revocationId}`, sk: 'ORDER' });
}

/** The partition of the adopted archive objects. */
export const ADOPTED_PARTITION = 'ARCHIVE';

/** The key of the events in an archive object. @param key the object's key in the bucket */
export function adoptedKey(key: string): Item {
  return marshall({ pk: ADOPTED_PARTITION, sk: `ADOPTED#${key}` });
}

/** The key of the usual behaviour of a subject, or of all subjects (`*`). */
export function profileKey(of: string): Item {
  return marshall({ pk: `PROFILE#${of}`, sk: 'PROFILE' });
}

/** Number of partitions per entry in the index that the table itself holds. */
export const INDEX_SHARDS = 4;

/** The partition of an index entry's records in one shard. */
export function indexPartition(kind: 'issued' | 'denied', { dimension, value }: IndexEntry, shard: number): string {
  return `BY#${kind}#${dimension}#${value}#${shard}`;
}

/** The key of a record's entry in the index that the table itself holds. */
export function indexKey(record: TokenRecord, entry: IndexEntry): Item {
  const { tokenId, decidedAt } = record;
  // A record that turned into a denial after it was stored has its pending entry among the issued tokens.
  const kind = denialOf(record) !== undefined && entry !== PENDING ? 'denied' : 'issued';
  const pk = indexPartition(kind, entry, shardOf(tokenId) % INDEX_SHARDS);
  return marshall({ pk, sk: indexPosition(decidedAt, tokenId) });
}

/** The `by-subject` partition of a subject's issued or denied requests in one shard. */
export function subjectPartition(kind: 'ISSUED' | 'DENIED', subject: string, shard: number): string {
  return `${kind}#${subject}#${shard}`;
}

/**
 * The `by-expiry` partition of the tokens that expire in the same minute as `expiresAt` (milliseconds), in one shard.
 */
export function expiryPartition(expiresAt: number, shard: number): string {
  return `EXPIRES#${minuteOf(expiresAt)}#${shard}`;
}

/** Formats the minute of a time (milliseconds), for example `2026-01-01T12:15Z`. */
function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

/**
 * Returns the shard of a token. The first digit of a token id selects it; a UUID version 4 starts with a random digit.
 */
export function shardOf(tokenId: string): number {
  return Number.parseInt(tokenId.charAt(0), 16) % SHARDS;
}

/** Converts a record to an item: the record's attributes, and the keys of the table and its indexes. */
export function toItem(record: TokenRecord): Item {
  const shard = shardOf(record.tokenId);
  const partitions =
    record.status === 'denied'
      ? { subjectPartition: subjectPartition('DENIED', record.subject, shard) }
      : {
          subjectPartition: subjectPartition('ISSUED', record.subject, shard),
          expiryPartition: expiryPartition(record.expiresAt, shard),
          // Projected into `by-expiry`, where unexpired tokens are counted by access.
          access: accessOf(record),
        };
  return { ...recordKey(record.tokenId), ...marshall({ ...record, ...partitions }, { removeUndefinedValues: true }) };
}

/** Returns the record in an item, or `undefined` if the item is not a token record. */
export function fromItem(item: Item | undefined): TokenRecord | undefined {
  if (item?.sk?.S !== 'RECORD') return undefined;
  const { pk, sk, subjectPartition, expiryPartition, access, ...record } = unmarshall(item);
  return record as TokenRecord;
}

/** Returns the subject status in an item, or `undefined` if the item is not a subject status. */
export function subjectStatusOf(item: Item): SubjectStatus | undefined {
  if (item.sk?.S !== 'STANDING') return undefined;
  const { pk, sk, ...subjectStatus } = unmarshall(item);
  return subjectStatus;
}

/** Returns the revocation request in an item, or `undefined` if the item is not a revocation request. */
export function revocationRequestOf(item: Item): RevocationState | undefined {
  if (item.sk?.S !== 'ORDER') return undefined;
  const { pk, sk, ttl, ...order } = unmarshall(item);
  return order as RevocationState;
}

/**
 * Reads what the audit needs from an item, or from a stream's image of an item. Returns `undefined` for all other
 * items, such as index entries. The stream's filter must match the items that are read here; see `audit-item-keys.ts`.
 */
export function auditedItem(item: Item | undefined): AuditedItem | undefined {
  const sort = item?.sk?.S;
  if (item === undefined || sort === undefined) return undefined;
  const record = fromItem(item);
  if (record !== undefined) return { kind: 'record', record };
  const order = revocationRequestOf(item);
  if (order !== undefined) return { kind: 'order', order };
  if (sort.startsWith('FACT#')) {
    const { detailType, detail } = unmarshall(item);
    return { kind: 'fact', fact: { detailType, detail } as AuditFact };
  }
  if (sort.startsWith('INTROSPECTED#')) {
    const { pk, sk, ttl, ...introspections } = unmarshall(item);
    return { kind: 'introspections', introspections: introspections as Introspections };
  }
  return undefined;
}
