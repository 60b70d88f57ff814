import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { AuditFact } from '@tvm/core/records/audit-fact.ts';
import { describe, expect, inject, it } from 'vitest';
import { dynamoAuditFacts } from '#lambdas/adapters/dynamo/audit-facts.ts';
import { auditedItem, factKey } from '#lambdas/adapters/dynamo/items.ts';
import { inMemoryFacts } from '../fakes/in-memory-records.ts';

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);

const inMemory = inMemoryFacts();
const refused = (problem: string): AuditFact => ({
  detailType: 'Revocation Refused',
  detail: { time: '2026-01-01T12:00:00.000Z', via: 'event', from: 'someone.else of account 111122223333', problem },
});
const used = (tokenId: string): AuditFact => ({
  detailType: 'Token Used',
  detail: {
    time: '2026-01-01T12:00:00.000Z',
    tokenId,
    subject: 'arn:aws:iam::111122223333:role/orders-service',
    audience: 'orders-db',
    by: 'arn:aws:iam::111122223333:role/orders-db',
    action: 'read',
    location: 'orders-db/orders',
    outcome: 'allowed',
  },
});

async function itemOf(id: string, fact: AuditFact) {
  const { Item } = await dynamo.send(
    new GetItemCommand({ TableName: outputs.TableName, Key: factKey(id, fact), ConsistentRead: true }),
  );
  return Item;
}

describe.each([
  ['in memory', inMemory, async (id: string) => inMemory.facts.get(id)],
  [
    'DynamoDB',
    dynamoAuditFacts(dynamo, outputs.TableName, 3_600),
    async (id: string, fact: AuditFact) => {
      const kept = auditedItem(await itemOf(id, fact));
      return kept?.kind === 'fact' ? kept.fact : undefined;
    },
  ],
] as const)('audit facts: %s', (_, facts, kept) => {
  it('are stored once, even if another with the same ID comes later', async () => {
    const id = crypto.randomUUID();
    expect(await facts.put(id, refused('the first'))).toBe(true);
    expect(await facts.put(id, refused('the second'))).toBe(false);
    expect(await kept(id, refused('the first'))).toEqual(refused('the first'));
  });

  it('are in the partition of their token’s record, if they are about a token', async () => {
    const id = crypto.randomUUID();
    const fact = used(crypto.randomUUID());
    await facts.put(id, fact);
    expect(await kept(id, fact)).toEqual(fact);
  });
});

it('a fact in DynamoDB expires after its retention', async () => {
  const id = crypto.randomUUID();
  await dynamoAuditFacts(dynamo, outputs.TableName, 3_600).put(id, refused('any'));
  const ttl = Number((await itemOf(id, refused('any')))?.ttl?.N);
  expect(Math.abs(ttl - Date.now() / 1000 - 3_600)).toBeLessThan(60);
});
