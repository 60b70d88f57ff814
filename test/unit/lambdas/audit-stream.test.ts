import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { expect, it } from 'vitest';
import type { TokenRecord } from '../../../core/token-record.ts';
import { introspectionsKey, toItem } from '../../../lambdas/adapters/dynamo-items.ts';
import { archivedEventOf } from '../../../lambdas/audit-stream.ts';
import { REMEMBERED_SORT_KEYS } from '../../../lambdas/remembered-sort-keys.ts';
import { recordOf } from '../../fakes/machine.ts';

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

it('a change is archived as its event, with the time that the stream recorded it', async () => {
  expect(archivedEventOf(await streamRecord())).toMatchObject({
    eventId: 'e1',
    at: AT * 1000,
    record: { detailType: 'Token Issued', eventId: 'e1', version: '1' },
  });
});

it('a change that cannot be read is archived as that, with its keys and nothing else of it', async () => {
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

it('a change that means nothing to an auditor is not archived', async () => {
  const record = await streamRecord();
  const again = { ...record, dynamodb: { ...record.dynamodb, OldImage: record.dynamodb?.NewImage ?? {} } };
  expect(archivedEventOf(again)).toBeUndefined();
});

it('the stream’s filter lets through whatever can be read', async () => {
  const introspected = introspectionsKey({
    tokenId: 't',
    subject: 's',
    audience: 'a',
    by: 'b',
    result: 'active',
    minute: 0,
  });
  const passes = (sort = '') =>
    REMEMBERED_SORT_KEYS.some((key) => (typeof key === 'string' ? key === sort : sort.startsWith(key.prefix)));
  expect(passes(introspected.sk?.S)).toBe(true);
  expect(passes((await streamRecord()).dynamodb?.Keys?.sk?.S)).toBe(true);
  expect(passes('ADOPTED#events/a')).toBe(false);
});
