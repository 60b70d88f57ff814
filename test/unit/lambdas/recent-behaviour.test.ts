import type { DynamoDBClient, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { dynamoRecentBehaviour } from '#lambdas/adapters/dynamo/recent-behaviour.ts';

const NOW = Date.UTC(2026, 0, 5, 12);
const MINUTE = 60_000;

/** A shard that responds like DynamoDB: at most one page, in the requested order, and filtered afterwards. */
function pageOf(tokens: readonly { decidedAt: number; expiresAt: number }[], page: number): DynamoDBClient {
  const send = async ({ input }: { input: QueryCommandInput }) => {
    const values = input.ExpressionAttributeValues ?? {};
    if (!values[':partition']?.S?.endsWith('#0')) return { Count: 0 };
    const since = Number(values[':since']?.N);
    const inOrder = tokens.filter(({ decidedAt }) => decidedAt > since).toSorted((a, b) => a.decidedAt - b.decidedAt);
    const first = (input.ScanIndexForward === false ? inOrder.toReversed() : inOrder).slice(0, page);
    const unexpired = input.FilterExpression === undefined ? 0 : Number(values[':now']?.N);
    return { Count: first.filter(({ expiresAt }) => expiresAt > unexpired).length };
  };
  return { send } as unknown as DynamoDBClient;
}

it('counts active tokens among many expired ones, newest first, so that a page of old ones hides none', async () => {
  const expired = Array.from({ length: 500 }, (_, n) => ({
    decidedAt: NOW - 50 * MINUTE + n,
    expiresAt: NOW - 40 * MINUTE,
  }));
  const active = Array.from({ length: 30 }, (_, n) => ({ decidedAt: NOW - 10 * MINUTE + n, expiresAt: NOW + MINUTE }));
  const behaviour = dynamoRecentBehaviour(pageOf([...expired, ...active], 100), 'table', 3_600);
  expect((await behaviour.of('arn:aws:iam::111122223333:role/busy', NOW)).active).toBe(30);
});
