import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient, ListEventSourceMappingsCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { mapAtMost } from '@tvm/core/at-most.ts';
import type { TokenRecord } from '@tvm/core/records/token-record.ts';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, endpoint, operator, vend } from '../support/deployed-service.ts';
import { functionOf } from '../support/outage.ts';
import { inParts, seedRecords } from '../support/seeded-records.ts';

// This file is alone in its folder and runs last: the consumers of the bus are busy for a while afterwards.

const { target, outputs } = inject('deployed');
const dynamo = new DynamoDBClient(target);
const lambda = new LambdaClient(target);
const records = dynamoTokenRecords(dynamo, outputs.TableName);

const MANY = 10_000;

// This test writes the index entries together with the records. The functions that would write them again, ten per
// token, and the function that detects anomalies are paused meanwhile: on a small computer they would take minutes.
const PAUSED = ['index-tokens', 'detect-anomalies'];

async function setEnabled(useCase: string, Enabled: boolean): Promise<void> {
  const FunctionName = await functionOf(useCase);
  const { EventSourceMappings = [] } = await lambda.send(new ListEventSourceMappingsCommand({ FunctionName }));
  for (const { UUID } of EventSourceMappings) await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled }));
}

beforeAll(() => Promise.all(PAUSED.map((useCase) => setEnabled(useCase, false))));
afterAll(() => Promise.all(PAUSED.map((useCase) => setEnabled(useCase, true))));

async function statesOf(tokenIds: readonly string[]): Promise<Partial<Record<TokenRecord['status'], number>>> {
  const found = (await mapAtMost(10, inParts(tokenIds, 100), (page) => records.getMany(page))).flat();
  const counts: Partial<Record<TokenRecord['status'], number>> = {};
  for (const { status } of found) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

it(
  '10,000 tokens of one subject are revoked while another subject still gets tokens',
  { timeout: 1_800_000 },
  async () => {
    const template = await records.get((await vend()).tokenId);
    if (template?.status !== 'issued') throw new Error(`the record is ${template?.status}`);
    const subject = `arn:aws:iam::000000000000:role/hacked-${crypto.randomUUID()}`;
    const decidedAt = Date.now();
    const hacked = Array.from({ length: MANY }, (_, index) => ({
      ...template,
      subject,
      tokenId: crypto.randomUUID(),
      // Within the last second: later than earlier revocations of everything.
      decidedAt: decidedAt - (index % 900),
      expiresAt: decidedAt + 3_600_000,
    }));
    await seedRecords(dynamo, outputs.TableName, hacked, 'subject');

    // Meanwhile another workload requests tokens, until all are revoked.
    let done = false;
    const others: string[] = [];
    const issuing = (async () => {
      while (!done) {
        const { status, body } = await ask();
        if (status === 200) others.push(String(body.token_id));
        // A slow computer may get this status.
        else if (status !== 503) throw new Error(`no token: ${status} ${body.error_description}`);
      }
    })();
    const first = await curl(`${endpoint}/revocations`, operator, ...formData({ subject, reason: 'hacked' }));
    expect(first.body).toMatchObject({ status: 'running' });
    const revoked = [Number(first.body.revoked)];
    // However slow the computer is: the test fails only if no further token is revoked for two minutes.
    for (let advanced = Date.now(), status = 'running'; status !== 'done'; await sleep(500)) {
      const { body } = await curl(`${endpoint}/revocations/${first.body.revocation_id}`, operator);
      if (Number(body.revoked) > Number(revoked.at(-1))) advanced = Date.now();
      if (Date.now() - advanced > 120_000) throw new Error(`no further token is revoked after ${body.revoked}`);
      revoked.push(Number(body.revoked));
      status = String(body.status);
    }
    expect(revoked.at(-1)).toBe(MANY);
    done = true;
    await issuing;

    expect(revoked).toEqual([...revoked].sort((a, b) => a - b));
    expect(await statesOf(hacked.map(({ tokenId }) => tokenId))).toEqual({ revoked: MANY });
    expect(others.length).toBeGreaterThan(10);
    expect(await statesOf(others)).toEqual({ issued: others.length });
  },
);
