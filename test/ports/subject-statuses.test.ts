import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { SubjectStatuses } from '@tvm/core/records/ports.ts';
import { beforeEach, describe, expect, inject, it } from 'vitest';
import { dynamoSubjectStatuses } from '#lambdas/adapters/dynamo/subject-statuses.ts';
import { inMemorySubjectStatuses } from '../fakes/in-memory-records.ts';

const { target, outputs } = inject('deployed');

const adapters: [string, SubjectStatuses][] = [
  ['in memory', inMemorySubjectStatuses()],
  ['DynamoDB', dynamoSubjectStatuses(new DynamoDBClient(target), outputs.TableName)],
];

const MINUTE = 60_000;
const now = Date.UTC(2026, 0, 1, 12);
const by = 'arn:aws:iam::111122223333:user/operator';
const block = (minutes: number, at = now) => ({ until: at + minutes * MINUTE, at, by, reason: 'incident 42' });

describe.each(adapters)('subject statuses: %s', (_, subjectStatuses) => {
  let subject: string;
  beforeEach(() => {
    subject = `arn:aws:iam::111122223333:role/status-${crypto.randomUUID()}`;
  });

  it('are empty for an unknown subject', async () => {
    expect(await subjectStatuses.get(subject)).toEqual({});
    expect(await subjectStatuses.unblock(subject, { at: now, by })).toBe(false);
    expect(await subjectStatuses.get(subject)).toEqual({});
  });

  it('have a watermark that never moves back', async () => {
    for (const [raised, stands] of [
      [2_000, 2_000],
      [1_000, 2_000],
      [3_000, 3_000],
    ] as const) {
      await subjectStatuses.raise(subject, raised);
      expect(await subjectStatuses.get(subject)).toEqual({ revokedBefore: stands });
    }
  });

  it('block until the latest requested time', async () => {
    expect(await subjectStatuses.block(subject, block(10))).toBe(now + 10 * MINUTE);
    expect(await subjectStatuses.block(subject, { ...block(5), by: 'another' })).toBe(now + 10 * MINUTE);
    expect(await subjectStatuses.get(subject)).toEqual({ block: block(10) });
    expect(await subjectStatuses.block(subject, block(20))).toBe(now + 20 * MINUTE);
    expect(await subjectStatuses.get(subject)).toEqual({ block: block(20) });
  });

  it('unblock once, and only while there is a block', async () => {
    await subjectStatuses.block(subject, block(10));
    expect(await subjectStatuses.unblock(subject, { at: now + 10 * MINUTE, by })).toBe(false);
    const lifted = { at: now + MINUTE, by, reason: 'closed' };
    expect(await subjectStatuses.unblock(subject, lifted)).toBe(true);
    expect(await subjectStatuses.unblock(subject, lifted)).toBe(false);
    expect(await subjectStatuses.get(subject)).toEqual({});
    expect(await subjectStatuses.block(subject, block(5, now + 2 * MINUTE))).toBe(now + 7 * MINUTE);
    expect((await subjectStatuses.get(subject)).block).toEqual(block(5, now + 2 * MINUTE));
  });

  it('limit lifetimes to the last requested limit', async () => {
    await subjectStatuses.limit(subject, { ...block(10), lifetime: 300 });
    await subjectStatuses.limit(subject, { ...block(5), lifetime: 60 });
    expect(await subjectStatuses.get(subject)).toEqual({ limit: { ...block(5), lifetime: 60 } });
  });

  it('store watermark, block and limit independently', async () => {
    await subjectStatuses.limit(subject, { ...block(10), lifetime: 300 });
    await subjectStatuses.block(subject, block(10));
    await subjectStatuses.raise(subject, now);
    expect(await subjectStatuses.get(subject)).toEqual({
      revokedBefore: now,
      block: block(10),
      limit: { ...block(10), lifetime: 300 },
    });
    await subjectStatuses.unblock(subject, { at: now, by });
    expect(await subjectStatuses.get(subject)).toMatchObject({ revokedBefore: now, limit: { lifetime: 300 } });
  });
});

describe('in DynamoDB, the audit', () => {
  const dynamo = new DynamoDBClient(target);
  const subjectStatuses = dynamoSubjectStatuses(dynamo, outputs.TableName);

  /** Returns the facts about a subject, in the order of their times. */
  async function factsOf(subject: string) {
    const query = new QueryCommand({
      TableName: outputs.TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :fact)',
      ExpressionAttributeValues: { ':pk': { S: `SUBJECT#${subject}` }, ':fact': { S: 'FACT#' } },
      ConsistentRead: true,
    });
    const { Items = [] } = await dynamo.send(query);
    const facts = Items.map((item) => unmarshall(item));
    for (const { ttl } of facts) expect(ttl).toBeGreaterThan(Date.now() / 1000 + 14 * 86_400);
    return facts
      .map(({ detailType, detail }) => ({ detailType, ...detail }))
      .toSorted((a, b) => a.time.localeCompare(b.time));
  }

  it('has a separate fact for each change, which the next change does not overwrite', async () => {
    const subject = `arn:aws:iam::111122223333:role/status-${crypto.randomUUID()}`;
    await subjectStatuses.raise(subject, now);
    await subjectStatuses.block(subject, block(10));
    await subjectStatuses.block(subject, block(5, now + 1));
    await subjectStatuses.block(subject, block(20, now + 2));
    await subjectStatuses.unblock(subject, { at: now + 3, by });
    await subjectStatuses.unblock(subject, { at: now + 4, by });
    await subjectStatuses.limit(subject, { ...block(10, now + 5), lifetime: 60 });
    const iso = (time: number) => new Date(time).toISOString();
    const reason = 'incident 42';
    expect(await factsOf(subject)).toEqual([
      { detailType: 'Subject Blocked', time: iso(now), subject, by, reason, until: iso(now + 10 * MINUTE) },
      { detailType: 'Subject Blocked', time: iso(now + 2), subject, by, reason, until: iso(now + 2 + 20 * MINUTE) },
      { detailType: 'Subject Unblocked', time: iso(now + 3), subject, by },
      {
        detailType: 'Subject Limited',
        time: iso(now + 5),
        subject,
        by,
        reason,
        until: iso(now + 5 + 10 * MINUTE),
        lifetime: 60,
      },
    ]);
  });

  it('has one block of several concurrent ones with the same end', async () => {
    const subject = `arn:aws:iam::111122223333:role/status-${crypto.randomUUID()}`;
    const blocks = Array.from({ length: 8 }, () => subjectStatuses.block(subject, block(10)));
    expect(await Promise.all(blocks)).toEqual(Array.from({ length: 8 }, () => now + 10 * MINUTE));
    expect(await factsOf(subject)).toHaveLength(1);
  });
});
