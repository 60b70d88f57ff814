import type { AttributeValue as StoredValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { AuditEvent } from '@tvm/contract/events.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { subjectBlocked } from '@tvm/core/records/audit-fact.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { describe, expect, it, vi } from 'vitest';
import {
  factKey,
  introspectionsKey,
  recordKey,
  revocationRequestKey,
  subjectFactKey,
  subjectStatusKey,
  toItem,
} from '#lambdas/adapters/dynamo/items.ts';
import type { StoredItems } from '#lambdas/adapters/dynamo/stored-items.ts';
import { logger } from '#lambdas/runtime/observability.ts';
import { AUDIT_SORT_KEYS } from '#lambdas/shared/audit-item-keys.ts';
import { archivedEventOf, auditEventOf, confirmedEvents, type StreamedEvent } from '#lambdas/shared/audit-stream.ts';
import { recordOf, SUBJECT } from '../../fakes/in-memory-service.ts';

const AT = Date.UTC(2026, 10, 22, 12) / 1000;

async function streamRecord(change: (record: TokenRecord) => object = (record) => record): Promise<DynamoDBRecord> {
  const NewImage = toItem(change(await recordOf()) as TokenRecord) as Record<string, AttributeValue>;
  const { pk, sk } = NewImage;
  if (pk === undefined || sk === undefined) throw new Error('an item has its keys');
  return {
    eventID: 'e1',
    eventName: 'INSERT',
    dynamodb: { ApproximateCreationDateTime: AT, Keys: { pk, sk }, NewImage },
  };
}

it('archives a change as its event, with the time from the stream', async () => {
  expect(archivedEventOf(await streamRecord())).toMatchObject({
    eventId: 'e1',
    at: AT * 1000,
    record: { detailType: 'Token Issued', eventId: 'e1', version: '1' },
  });
});

it('archives an unreadable change as unreadable, with nothing but its keys', async () => {
  const record = await streamRecord((issued) => ({ ...issued, decidedAt: 'long ago', subject: 'a secret' }));
  expect(archivedEventOf(record)).toEqual({
    eventId: 'e1',
    at: AT * 1000,
    record: {
      detailType: 'Record Unreadable',
      version: '1',
      eventId: 'e1',
      time: '2026-11-22T12:00:00.000Z',
      item: `${record.dynamodb?.Keys?.pk?.S} RECORD`,
      problem: 'RangeError',
    },
  });
});

it('does not archive a change without an audit event', async () => {
  const record = await streamRecord();
  const again = { ...record, dynamodb: { ...record.dynamodb, OldImage: record.dynamodb?.NewImage ?? {} } };
  expect(archivedEventOf(again)).toBeUndefined();
});

it('the stream’s filter matches all items that can be read', async () => {
  const introspected = introspectionsKey({
    tokenId: 't',
    subject: 's',
    audience: 'a',
    by: 'b',
    result: 'active',
    minute: 0,
  });
  const passes = (sort = '') =>
    AUDIT_SORT_KEYS.some((key) => (typeof key === 'string' ? key === sort : sort.startsWith(key.prefix)));
  expect(passes(introspected.sk?.S)).toBe(true);
  expect(passes((await streamRecord()).dynamodb?.Keys?.sk?.S)).toBe(true);
  expect(passes('ADOPTED#events/a')).toBe(false);
});

type Item = Record<string, StoredValue>;

/** A table with these items. `reads` are the requested keys. */
function holding(...items: Item[]): StoredItems & { reads: Item[][] } {
  const reads: Item[][] = [];
  return {
    reads,
    async getMany(keys) {
      reads.push([...keys]);
      return items.filter(({ pk, sk }) => keys.some((key) => key.pk?.S === pk?.S && key.sk?.S === sk?.S));
    },
  };
}

/** Converts a record like a reader of the stream. */
function told(record: DynamoDBRecord): StreamedEvent<AuditEvent>[] {
  const event = auditEventOf(record);
  return event === undefined ? [] : [{ record, event }];
}

/** The stream's record of an item that was created or changed. */
function written(item: Item, before?: Item, eventID = 'e1'): DynamoDBRecord {
  const { pk = { S: '' }, sk = { S: '' } } = item;
  const image = (one: Item) => one as Record<string, AttributeValue>;
  return {
    eventID,
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      ApproximateCreationDateTime: AT,
      Keys: image({ pk, sk }),
      NewImage: image(item),
      ...(before && { OldImage: image(before) }),
    },
  };
}

describe('confirmedEvents', () => {
  const OTHER = 'arn:aws:iam::111122223333:role/other';
  const by = 'arn:aws:iam::111122223333:role/orders-db';
  const minute = AT * 1000;
  const block = subjectBlocked(SUBJECT, { until: minute + 60_000, at: minute, by });
  const policies = {
    detailType: 'Policy Changed' as const,
    detail: { time: '2026-11-22T12:00:00.000Z', before: 'a', after: 'b' },
  };
  const introspection = {
    tokenId: 't',
    subject: SUBJECT,
    audience: 'orders-db',
    by,
    result: 'active' as const,
    minute,
  };
  const introspections = (count: number) => ({
    ...introspectionsKey(introspection),
    ...marshall({ ...introspection, last: minute + count, count, ttl: 1 }),
  });
  const order = (more: object) => ({
    ...revocationRequestKey('r'),
    ...marshall({
      ...{
        revocationId: 'r',
        selector: { task: 't' },
        revokedBefore: 1,
        from: 1,
        by,
        orderedAt: 1,
        revoked: 0,
        ttl: 1,
      },
      ...more,
    }),
  });
  const issued = recordOf();
  const record = async (more: object = {}) => toItem({ ...(await issued), ...more } as TokenRecord);
  const revocation = { status: 'revoked', revokedAt: minute, revokedBy: by };

  it.each<[string, () => Promise<{ said: DynamoDBRecord; stored: Item[]; invented: DynamoDBRecord[] }>]>([
    [
      'a token',
      async () => ({
        said: written(await record()),
        stored: [await record()],
        invented: [written(await record({ subject: OTHER })), written(await record(revocation), await record())],
      }),
    ],
    [
      'a token that was revoked since',
      async () => ({
        said: written(await record()),
        stored: [await record(revocation)],
        invented: [written(await record({ ...revocation, revokedBy: OTHER }), await record())],
      }),
    ],
    [
      'a revocation',
      async () => ({
        said: written(order({})),
        stored: [order({ revoked: 3, completedAt: minute })],
        invented: [
          written(order({ by: OTHER })),
          written(order({ revoked: 4, completedAt: minute }), order({ revoked: 4 })),
        ],
      }),
    ],
    [
      'introspections',
      async () => ({
        said: written(introspections(1)),
        stored: [introspections(3)],
        invented: [written(introspections(4), introspections(3))],
      }),
    ],
    [
      'a fact about a subject',
      async () => {
        const blocked = { ...subjectFactKey(SUBJECT, 'f'), ...marshall(block) };
        const subjectStatus = { ...subjectStatusKey(SUBJECT), ...marshall({ revokedBefore: 1 }) };
        const other = { ...blocked, ...marshall(subjectBlocked(SUBJECT, { until: 1, at: 1, by })) };
        return { said: written(blocked), stored: [subjectStatus, blocked], invented: [written(other)] };
      },
    ],
    [
      'another fact',
      async () => {
        const fact = { ...factKey('f', policies), ...marshall(policies) };
        const other = { ...fact, ...marshall({ detail: { ...policies.detail, after: 'c' } }) };
        return { said: written(fact), stored: [fact], invented: [written(other)] };
      },
    ],
  ])('passes on %s as the table has it, and drops forged records', async (_, make) => {
    const { said, stored, invented } = await make();
    const all = [...invented, said].flatMap(told);
    expect(all).toHaveLength(invented.length + 1);
    expect(await confirmedEvents(all, holding(...stored))).toEqual([auditEventOf(said)]);
    expect(await confirmedEvents(all, holding())).toEqual([]);
  });

  it('drops a record whose keys exist but whose content differs', async () => {
    const item = await record();
    const elsewhere = { ...item, ...recordKey('35445779-b11b-466e-9611-a4ba0a6b9a7d') };
    const moved = { ...(await record({ tokenId: 'x', subject: OTHER })), pk: item.pk as StoredValue };
    for (const said of [elsewhere, moved]) {
      expect(await confirmedEvents(told(written(said)), holding(item))).toEqual([]);
    }
  });

  it.each([
    ['no record id', ''],
    ['a record id that is too long', 'e'.repeat(129)],
    ['an invalid record id', 'see https://example.com'],
    ['a number as record id', 7 as unknown as string],
    ['a list as record id', ['e1'] as unknown as string],
  ])('drops a record with %s', async (_, eventID) => {
    const item = await record();
    expect(await confirmedEvents(told(written(item, undefined, eventID)), holding(item))).toEqual([]);
  });

  it('reads each item once, and only items with audit events', async () => {
    const item = await record();
    const revoked = await record(revocation);
    const foreign = { ...item, pk: { S: 'PROFILE#x' } };
    const table = holding(revoked);
    const all = [written(item), written(revoked, item, 'e2'), written(foreign), written(item, undefined, 'e3')];
    expect(await confirmedEvents(all.flatMap(told), table)).toHaveLength(3);
    expect(table.reads).toEqual([[{ pk: item.pk, sk: item.sk }]]);
  });

  it('logs only the keys of dropped records', async () => {
    const error = vi.spyOn(logger, 'error').mockImplementation(() => undefined);
    const invented = Array.from({ length: 12 }, () =>
      written({ ...order({}), ...revocationRequestKey(crypto.randomUUID()) }),
    );
    await confirmedEvents(invented.flatMap(told), holding());
    await confirmedEvents(told(written(order({}))), holding(order({})));
    expect(error.mock.calls).toEqual([
      [
        'changes that the table does not confirm were dropped',
        {
          unconfirmed: 12,
          items: invented.slice(0, 10).map(({ dynamodb }) => `${dynamodb?.Keys?.pk?.S} ORDER`),
        },
      ],
    ]);
    error.mockRestore();
  });

  it('passes on nothing and loses nothing while the table is unavailable', async () => {
    const away = { getMany: () => Promise.reject(new DependencyFault('DynamoDB', new Error('away'))) };
    await expect(confirmedEvents(told(written(await record())), away)).rejects.toThrow(DependencyFault);
  });

  it('archives an unreadable record only if the stored item is unreadable, too', async () => {
    const broken = { ...(await record()), decidedAt: { S: 'long ago' } };
    const said = written(broken);
    const event = archivedEventOf(said);
    if (event === undefined) throw new Error('it is archived as unreadable');
    const archived = (...items: Item[]) => confirmedEvents([{ record: said, event }], holding(...items));
    expect(await archived(broken)).toEqual([event]);
    expect(await archived(await record())).toEqual([]);
    expect(await archived()).toEqual([]);
  });

  it('an unreadable item does not confirm a readable record', async () => {
    const broken = { ...(await record()), decidedAt: { S: 'long ago' } };
    expect(await confirmedEvents(told(written(await record())), holding(broken))).toEqual([]);
  });
});
