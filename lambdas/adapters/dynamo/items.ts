import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { accessOf, type Remembered } from '@tvm/core/audit/audit-event.ts';
import type { AuditFact, Introspections } from '@tvm/core/records/audit-fact.ts';
import type { SubjectStatus } from '@tvm/core/records/subject-status.ts';
import { denialOf, type TokenRecord } from '@tvm/core/records/token-record.ts';
import { type IndexEntry, indexPosition, PENDING } from '@tvm/core/records/token-selector.ts';
import type { OrderState } from '@tvm/core/revocation/orders/order.ts';

// The table's layout: docs/reference/storage-schema.md says what it serves and what it costs.

export const INDEX_BY_SUBJECT = 'by-subject';

export const INDEX_BY_EXPIRY = 'by-expiry';

/** Index partitions a subject's tokens, or a minute's expiries, are spread over, so that none runs hot. */
export const SHARDS = 16;

type Item = Record<string, AttributeValue>;

export function recordKey(tokenId: string): Item {
  return marshall({ pk: `TOKEN#${tokenId}`, sk: 'RECORD' });
}

export function subjectStatusKey(subject: string): Item {
  return marshall({ pk: `SUBJECT#${subject}`, sk: 'STANDING' });
}

/** How often a resource server was told the same of a token in the minute that `minute` (milliseconds) is in. */
export function introspectionsKey({ tokenId, minute, result, by }: Omit<Introspections, 'count' | 'last'>): Item {
  return marshall({ pk: `TOKEN#${tokenId}`, sk: `INTROSPECTED#${minuteOf(minute)}#${result}#${by}` });
}

/** A fact for the audit: beside the record of the token that it is about, if it is about one. */
export function factKey(id: string, { detail }: AuditFact): Item {
  const tokenId = 'tokenId' in detail ? detail.tokenId : undefined;
  return marshall({ pk: tokenId === undefined ? `FACT#${id}` : `TOKEN#${tokenId}`, sk: `FACT#${id}` });
}

/** A fact for the audit about what is held against a subject: in the partition of the subject, so that the stream keeps the order. */
export function subjectFactKey(subject: string, id: string): Item {
  return { ...subjectStatusKey(subject), ...marshall({ sk: `FACT#${id}` }) };
}

/** A security event token that was received. */
export function receivedSecurityEventKey(issuer: string, jti: string): Item {
  return marshall({ pk: `SET#${issuer}#${jti}`, sk: 'SET' });
}

/** Where the security event tokens are that a receiver is yet to ask for. */
export function pendingSecurityEventsPartition(receiver: string): string {
  return `POLL#${receiver}`;
}

/** A security event token that a receiver is yet to ask for. */
export function pendingSecurityEventKey(receiver: string, jti: string): Item {
  return marshall({ pk: pendingSecurityEventsPartition(receiver), sk: `SET#${jti}` });
}

/** Up to which minute every expired token was noted. */
export const SWEEP_KEY: Item = marshall({ pk: 'SWEEP', sk: 'CHECKPOINT' });

/** The policies and keys that were seen last. */
export const DEPLOYMENT_KEY: Item = marshall({ pk: 'DEPLOYMENT', sk: 'CURRENT' });

export function orderKey(revocationId: string): Item {
  return marshall({ pk: `ORDER#${revocationId}`, sk: 'ORDER' });
}

/** The partition of the archive's objects that were come upon. */
export const ADOPTED_PARTITION = 'ARCHIVE';

/** What an object of the archive holds, by its name. */
export function adoptedKey(key: string): Item {
  return marshall({ pk: ADOPTED_PARTITION, sk: `ADOPTED#${key}` });
}

/** What is remembered of a subject, or of all (`*`), so as to know what is usual. */
export function profileKey(of: string): Item {
  return marshall({ pk: `PROFILE#${of}`, sk: 'PROFILE' });
}

/** Partitions that each entry's records are spread over in the index of the table itself. */
export const INDEX_SHARDS = 4;

/** The partition of the records with this entry in the index, in one shard. */
export function indexPartition(kind: 'issued' | 'denied', { dimension, value }: IndexEntry, shard: number): string {
  return `BY#${kind}#${dimension}#${value}#${shard}`;
}

/** The entry of a record in the index of the table itself. */
export function indexKey(record: TokenRecord, entry: IndexEntry): Item {
  const { tokenId, decidedAt } = record;
  // A denial that was stored as a token's record was pending as one.
  const kind = denialOf(record) !== undefined && entry !== PENDING ? 'denied' : 'issued';
  const pk = indexPartition(kind, entry, shardOf(tokenId) % INDEX_SHARDS);
  return marshall({ pk, sk: indexPosition(decidedAt, tokenId) });
}

/** The `by-subject` partition of a subject's issued, or denied, requests in one shard. */
export function subjectPartition(kind: 'ISSUED' | 'DENIED', subject: string, shard: number): string {
  return `${kind}#${subject}#${shard}`;
}

/** The `by-expiry` partition of the tokens that end within the minute of `expiresAt` (milliseconds), in one shard. */
export function expiryPartition(expiresAt: number, shard: number): string {
  return `EXPIRES#${minuteOf(expiresAt)}#${shard}`;
}

/** The minute that a time (milliseconds) is in, as `2026-01-01T12:15Z`. */
function minuteOf(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16)}Z`;
}

/** A token id is random from its first digit on (UUID version 4): that digit picks the shard. */
export function shardOf(tokenId: string): number {
  return Number.parseInt(tokenId.charAt(0), 16) % SHARDS;
}

/** A record as an item: the record's own attributes, and the keys of the table and its indexes. */
export function toItem(record: TokenRecord): Item {
  const shard = shardOf(record.tokenId);
  const partitions =
    record.status === 'denied'
      ? { subjectPartition: subjectPartition('DENIED', record.subject, shard) }
      : {
          subjectPartition: subjectPartition('ISSUED', record.subject, shard),
          expiryPartition: expiryPartition(record.expiresAt, shard),
          // For the index of what is yet to expire, which counts by it.
          access: accessOf(record.authorizationDetails),
        };
  return { ...recordKey(record.tokenId), ...marshall({ ...record, ...partitions }, { removeUndefinedValues: true }) };
}

/** The record in an item; `undefined` when the item is something else. */
export function fromItem(item: Item | undefined): TokenRecord | undefined {
  if (item?.sk?.S !== 'RECORD') return undefined;
  const { pk, sk, subjectPartition, expiryPartition, access, ...record } = unmarshall(item);
  return record as TokenRecord;
}

/** What is held against a subject, in its item; `undefined` when the item is something else. */
export function subjectStatusOf(item: Item): SubjectStatus | undefined {
  if (item.sk?.S !== 'STANDING') return undefined;
  const { pk, sk, ...subjectStatus } = unmarshall(item);
  return subjectStatus;
}

/** A revocation, in its item; `undefined` when the item is something else. */
export function orderOf(item: Item): OrderState | undefined {
  if (item.sk?.S !== 'ORDER') return undefined;
  const { pk, sk, ttl, ...order } = unmarshall(item);
  return order as OrderState;
}

/**
 * What an item, or a stream's image of it, remembers for the audit; `undefined` of index entries and the like.
 * The stream is filtered by what this reads: ../remembered-sort-keys.ts.
 */
export function remembered(item: Item | undefined): Remembered | undefined {
  const sort = item?.sk?.S;
  if (item === undefined || sort === undefined) return undefined;
  const record = fromItem(item);
  if (record !== undefined) return { kind: 'record', record };
  const order = orderOf(item);
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
