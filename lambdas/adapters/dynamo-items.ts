import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { TokenRecord } from '../../core/token-record.ts';

// The table's layout: docs/storage-schema.md says what it serves and what it costs.

export const INDEX_BY_SUBJECT = 'by-subject';

/** Index partitions a subject's tokens, or a minute's expiries, are spread over, so that none runs hot. */
export const SHARDS = 16;

type Item = Record<string, AttributeValue>;

export function recordKey(tokenId: string): Item {
  return marshall({ pk: `TOKEN#${tokenId}`, sk: 'RECORD' });
}

export function watermarkKey(subject: string): Item {
  return marshall({ pk: `SUBJECT#${subject}`, sk: 'WATERMARK' });
}

/** The `by-subject` partition of a subject's issued, or denied, requests in one shard. */
export function subjectPartition(kind: 'ISSUED' | 'DENIED', subject: string, shard: number): string {
  return `${kind}#${subject}#${shard}`;
}

/** The `by-expiry` partition of the tokens that end within the minute of `expiresAt` (milliseconds), in one shard. */
export function expiryPartition(expiresAt: number, shard: number): string {
  return `EXPIRES#${new Date(expiresAt).toISOString().slice(0, 16)}Z#${shard}`;
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
        };
  return { ...recordKey(record.tokenId), ...marshall({ ...record, ...partitions }, { removeUndefinedValues: true }) };
}

/** The record in an item or in a stream's image; `undefined` when the item is something else. */
export function fromItem(item: Item | undefined): TokenRecord | undefined {
  if (item?.sk?.S !== 'RECORD') return undefined;
  const { pk, sk, subjectPartition, expiryPartition, ...record } = unmarshall(item);
  return record as TokenRecord;
}
