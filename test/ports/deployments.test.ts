import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Deployments } from '@tvm/core/audit/ports.ts';
import { describe, expect, inject, it } from 'vitest';
import { dynamoDeployments } from '#lambdas/adapters/dynamo/deployments.ts';
import { inMemoryDeployments } from '../fakes/in-memory-upkeep.ts';
import { scratchTable } from '../support/scratch-table.ts';

const dynamo = new DynamoDBClient(inject('deployed').target);
const first = { policyBundle: 'a'.repeat(64), keyArns: ['arn:aws:kms:us-east-1:111122223333:key/1'] };
const second = { ...first, policyBundle: 'b'.repeat(64) };
const third = { ...first, keyArns: ['arn:aws:kms:us-east-1:111122223333:key/2', ...first.keyArns] };

describe.each<[string, () => Deployments | Promise<Deployments>]>([
  ['in memory', inMemoryDeployments],
  ['DynamoDB', async () => dynamoDeployments(dynamo, await scratchTable(dynamo))],
])('deployments: %s', (_, make) => {
  it('are recorded one after the other', async () => {
    const deployments = await make();
    expect(await deployments.last()).toBeUndefined();
    await deployments.replace(0, first);
    expect(await deployments.last()).toEqual({ ...first, version: 1 });
    await deployments.replace(1, third);
    expect(await deployments.last()).toEqual({ ...third, version: 2 });
  });

  it('are recorded once by two concurrent writers', async () => {
    const deployments = await make();
    await Promise.all([deployments.replace(0, first), deployments.replace(0, first)]);
    expect(await deployments.last()).toEqual({ ...first, version: 1 });
    await Promise.all([deployments.replace(1, second), deployments.replace(1, second)]);
    await deployments.replace(1, third);
    await deployments.replace(0, third);
    expect(await deployments.last()).toEqual({ ...second, version: 2 });
  });
});
