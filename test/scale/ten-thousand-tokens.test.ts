import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { mapAtMost } from '@tvm/core/at-most.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, endpoint, operator, vend } from '../support/deployed-machine.ts';
import { eventually } from '../support/eventually.ts';
import { functionOf } from '../support/outage.ts';
import { inParts, seedRecords } from '../support/seeded-records.ts';

// Alone in its folder, which comes last: what follows the bus has work for a while afterwards.

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const lambda = new LambdaClient(target);
const records = dynamoTokenRecords(dynamo, outputs.TableName);

const MANY = 10_000;

// The entries of the index are written here, beside the records. Whoever would write them again, ten for each token, and
// whoever looks for what is unusual, rest meanwhile: on a small computer they would take minutes.
const RESTING = ['index-tokens', 'detect-anomalies'];

async function letRest(useCase: string, Enabled: boolean): Promise<void> {
  const FunctionName = await functionOf(useCase);
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
  for (const { UUID } of EventSourceMappings) await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
}

beforeAll(() => Promise.all(RESTING.map((useCase) => letRest(useCase, false))));
afterAll(() => Promise.all(RESTING.map((useCase) => letRest(useCase, true))));

async function statesOf(tokenIds: readonly string[]): Promise<Partial<Record<TokenRecord['status'], number>>> {
  const found = (await mapAtMost(10, inParts(tokenIds, 100), (page) => records.getMany(page))).flat();
  const counts: Partial<Record<TokenRecord['status'], number>> = {};
  for (const { status } of found) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

it('10,000 tokens of one subject are taken back while issuing for another goes on', { timeout: 480_000 }, async () => {
  const template = await records.get((await vend()).tokenId);
  if (template?.status !== 'issued') throw new Error(`the record is ${template?.status}`);
  const subject = `arn:aws:iam::000000000000:role/hacked-${crypto.randomUUID()}`;
  const decidedAt = Date.now();
  const hacked = Array.from({ length: MANY }, (_, index) => ({
    ...template,
    subject,
    tokenId: crypto.randomUUID(),
    // Of the last second: later than what earlier revocations of everything meant.
    decidedAt: decidedAt - (index % 900),
    expiresAt: decidedAt + 3_600_000,
  }));
  await seedRecords(dynamo, outputs.TableName, hacked, 'subject');

  // Meanwhile another workload asks for tokens, until all are taken back.
  let done = false;
  const others: string[] = [];
  const issuing = (async () => {
    while (!done) {
      const { status, body } = await ask();
      if (status === 200) others.push(String(body.token_id));
      // A slow machine answers some requests so.
      else if (status !== 503) throw new Error(`no token: ${status} ${body.error_description}`);
    }
  })();
  const first = await curl(`${endpoint}/revocations`, operator, ...formData({ subject, reason: 'hacked' }));
  expect(first.body).toMatchObject({ status: 'running' });
  const revoked = [Number(first.body.revoked)];
  await eventually(async () => {
    const { body } = await curl(`${endpoint}/revocations/${first.body.revocation_id}`, operator);
    revoked.push(Number(body.revoked));
    expect(body).toMatchObject({ status: 'done', revoked: MANY });
  }, 420_000);
  done = true;
  await issuing;

  expect(revoked).toEqual([...revoked].sort((a, b) => a - b));
  expect(await statesOf(hacked.map(({ tokenId }) => tokenId))).toEqual({ revoked: MANY });
  expect(others.length).toBeGreaterThan(10);
  expect(await statesOf(others)).toEqual({ issued: others.length });
});
