import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { auditEvents } from '@tvm/contract/events.ts';
import { decodeJwt } from 'jose';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import { ciJob, endpoint, introspect, operator, resourceServer, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';
const ORDERS_DB = 'arn:aws:iam::000000000000:user/orders-db';
const lambda = new LambdaClient(target);
const dynamo = new DynamoDBClient(target);

let audit: AuditListener;
let sweepFunction: { FunctionName: string; Variables: Record<string, string> };
beforeAll(async () => {
  audit = await auditListener();
  const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
  const { FunctionName = '', Environment } = Functions.find((one) => one.FunctionName?.includes('sweeptokens')) ?? {};
  sweepFunction = { FunctionName, Variables: Environment?.Variables ?? {} };
});

/** Runs the scheduled sweep now. */
async function sweep(): Promise<void> {
  const { FunctionError } = await lambda.send(new InvokeCommand({ FunctionName: sweepFunction.FunctionName }));
  expect(FunctionError).toBeUndefined();
}

/** Returns a token's events, except anomalies, which may come at any time. */
const eventsOf = (tokenId: string, ...types: string[]) =>
  eventually(async () => {
    const all = await audit.eventsWith('tokenId', tokenId);
    const events = all.filter(({ detailType }) => detailType !== 'Anomaly Detected');
    expect(events.map(({ detailType }) => detailType)).toEqual(types);
    for (const { detailType, detail } of events)
      expect(() => auditEvents[detailType].strict().parse(detail)).not.toThrow();
    return events;
  });

/** Returns the introspection counts of a token, one per minute. */
async function introspectionsOf(tokenId: string): Promise<Record<string, unknown>[]> {
  const { Items = [] } = await dynamo.send(
    new QueryCommand({
      TableName: outputs.TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': { S: `TOKEN#${tokenId}` }, ':sk': { S: 'INTROSPECTED#' } },
      ConsistentRead: true,
    }),
  );
  return Items.map((item) => unmarshall(item));
}

const sum = (counted: Record<string, unknown>[]) => counted.reduce((total, { count }) => total + Number(count), 0);

describe('a token that expires', () => {
  it('is inactive at once, and has one audit event after the next sweep', async () => {
    const { token, tokenId } = await vend({ expires_in: 2 });
    const other = await vend();
    const { exp = 0 } = decodeJwt(token);
    await sleep(Math.max(exp * 1_000 - Date.now(), 0) + 50);
    expect(await introspect(token)).toEqual({ active: false });
    // The index with expiring tokens is eventually consistent.
    await eventually(async () => {
      await sweep();
      await eventsOf(tokenId, 'Token Issued', 'Token Expired');
    });
    await sweep();
    const [, expired] = await eventsOf(tokenId, 'Token Issued', 'Token Expired');
    expect(expired?.detail).toMatchObject({ time: new Date(exp * 1_000).toISOString(), subject: SUBJECT });
    await eventsOf(other.tokenId, 'Token Issued');
  });
});

describe('introspections', () => {
  it('are counted next to the token’s record, without an event', async () => {
    const { token, tokenId } = await vend();
    for (let time = 0; time < 3; time++) expect(await introspect(token)).toHaveProperty('active', true);
    const counted = await introspectionsOf(tokenId);
    expect(sum(counted)).toBe(3);
    expect(counted[0]).toMatchObject({
      tokenId,
      subject: SUBJECT,
      audience: 'orders-db',
      by: ORDERS_DB,
      result: 'active',
    });
    await introspect(token, ciJob).catch(() => {});
    expect(sum(await introspectionsOf(tokenId))).toBe(3);
    await eventsOf(tokenId, 'Token Issued');
  });

  it('of a revoked token have an event, one per minute', async () => {
    const { token, tokenId } = await vend();
    await curl(`${endpoint}/revoke`, workload, ...formData({ token_id: tokenId }));
    for (let time = 0; time < 3; time++) expect(await introspect(token)).toEqual({ active: false });
    const counted = await introspectionsOf(tokenId);
    expect(sum(counted)).toBe(3);
    // Usually one event. The three introspections may fall into two minutes.
    const warnings = counted.map(() => 'Token Introspected');
    const [, , warning] = await eventsOf(tokenId, 'Token Issued', 'Token Revoked', ...warnings);
    expect(warning?.detail).toMatchObject({ by: ORDERS_DB, result: 'revoked', count: 1 });
  });
});

describe('a report of a token’s use', () => {
  const use = { action: 'read', location: 'orders-db/orders', outcome: 'allowed' };
  const report = (report: Record<string, unknown>, caller = resourceServer) =>
    curl(`${endpoint}/uses`, caller, ...formData(report));

  it('is in the audit', async () => {
    const { token, tokenId } = await vend();
    const { status, body } = await report({ token, ...use });
    expect([status, body]).toEqual([200, {}]);
    await report({ token, ...use, action: 'write', outcome: 'refused' });
    const [, used, refused] = await eventsOf(tokenId, 'Token Issued', 'Token Used', 'Token Used');
    expect(used?.detail).toMatchObject({ subject: SUBJECT, audience: 'orders-db', by: ORDERS_DB, ...use });
    expect(refused?.detail).toMatchObject({ action: 'write', outcome: 'refused' });
  });

  it('is accepted only for the resource server’s own tokens, within their permissions, and in valid format', async () => {
    const { token, tokenId } = await vend();
    const foreign = await vend(
      {
        audience: 'releases',
        authorization_details: [{ type: 'resource', locations: ['releases/orders/v17'], actions: ['write'] }],
      },
      ciJob,
    );
    const refusals = [
      [{ token, ...use, action: 'write' }, 'action'],
      [{ token, ...use, location: 'orders-db/payments' }, 'location'],
      [{ token, ...use, outcome: 'done' }, 'outcome'],
      [{ token, ...use, tokenId }, 'tokenId'],
      [{ token: foreign.token, ...use }, 'token'],
      [{ token: `${token.slice(0, -8)}AAAAAAAA`, ...use }, 'token'],
    ] as const;
    for (const [refused, field] of refusals) {
      expect(await report(refused)).toMatchObject({ status: 400, body: { error: 'invalid_request', field } });
    }
    await eventsOf(tokenId, 'Token Issued');
  });

  it('is denied by IAM to workloads and operators', async () => {
    const { token, tokenId } = await vend();
    expect(await report({ token, ...use }, workload)).toMatchObject({ status: 403 });
    expect(await report({ token, ...use }, operator)).toMatchObject({ status: 403 });
    await eventsOf(tokenId, 'Token Issued');
  });
});

it('the audit shows changes of the policies and of the signing keys', async () => {
  const { FunctionName, Variables } = sweepFunction;
  const deploy = async (change: Record<string, string>) => {
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables: { ...Variables, ...change } } }),
    );
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 20 }, { FunctionName });
    await sweep();
  };
  const POLICY_BUNDLE = `${crypto.randomUUID()}-bundle`;
  const { KEY_ARNS = '' } = Variables;
  await sweep();
  await deploy({ POLICY_BUNDLE });
  await eventually(async () => {
    expect(await audit.eventsWith('after', POLICY_BUNDLE)).toMatchObject([
      { detailType: 'Policy Changed', detail: { before: outputs.PolicyBundle } },
    ]);
  });
  const other = `arn:aws:kms:us-east-1:000000000000:key/${crypto.randomUUID()}`;
  await deploy({ POLICY_BUNDLE, KEY_ARNS: `${other},${KEY_ARNS}` });
  await deploy({});
  await eventually(async () => {
    expect(await audit.eventsWith('before', POLICY_BUNDLE)).toMatchObject([
      { detailType: 'Policy Changed', detail: { after: outputs.PolicyBundle } },
    ]);
    const changed = (await audit.eventsWith('version', '1')).filter((one) => one.detailType === 'Signing Keys Changed');
    const ours = changed
      .map(({ detail }) => [detail.before, detail.after])
      .filter((keys) => keys.flat().includes(other));
    const keys = KEY_ARNS.split(',');
    expect(ours).toEqual([
      [keys, [other, ...keys]],
      [[other, ...keys], keys],
    ]);
  });
});
