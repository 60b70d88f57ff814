import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { IssuedRecord } from '@tvm/core/records/token-record.ts';
import { afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { dynamoSubjectStatuses } from '#lambdas/adapters/dynamo/subject-statuses.ts';
import { dynamoTokenRecords } from '#lambdas/adapters/dynamo/token-records.ts';
import { type AuditListener, auditListener } from '../support/audit-listener.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, ciJob, endpoint, introspect, operator, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';
import { seedRecords } from '../support/seeded-records.ts';

const { target, outputs } = inject('deployed');
const SUBJECT = 'arn:aws:iam::000000000000:user/orders-service';
const MISSPELT = 'arn:aws:iam::000000000000:user/orders-servcie';
const dynamo = new DynamoDBClient(target);
const records = dynamoTokenRecords(dynamo, outputs.TableName);
const subjectStatuses = dynamoSubjectStatuses(dynamo, outputs.TableName);

/** Returns the record of a token that was just issued. */
async function recordOf(tokenId: string): Promise<IssuedRecord> {
  const record = await records.get(tokenId);
  if (record?.status !== 'issued') throw new Error(`the record is ${record?.status}`);
  return record;
}

let audit: AuditListener;
beforeAll(async () => {
  audit = await auditListener();
});

/** Sends `POST /revocations` as the operator. @returns the response’s status and body */
const submit = (parameters: Record<string, unknown>) =>
  curl(`${endpoint}/revocations`, operator, ...formData(parameters));
const progress = (id: unknown) => curl(`${endpoint}/revocations/${id}`, operator);

/** Submits a revocation request and waits until it is completed. @returns every progress report until then */
async function revoke(parameters: Record<string, unknown>, within = 30_000) {
  const { status, body } = await submit(parameters);
  if (status !== 200) throw new Error(`not revoked: ${status} ${body.error_description}`);
  const seen = [body];
  await eventually(async () => {
    const last = seen.at(-1);
    if (last?.status === 'running') seen.push((await progress(last.revocation_id)).body);
    expect(seen.at(-1)?.status).toBe('done');
  }, within);
  return seen;
}

const statusOf = async (tokenId: string) => (await records.get(tokenId))?.status;

describe('an operator revokes the tokens', () => {
  afterEach(() => curl(`${endpoint}/blocks/lift`, operator, ...formData({ subject: SUBJECT })));

  it.each<[string, { with?: Record<string, unknown> }, (record: IssuedRecord) => Record<string, unknown>]>([
    ['of a subject', {}, ({ subject }) => ({ subject })],
    ['of a task', { with: { task: 'nightly-7' } }, ({ task }) => ({ task })],
    ['of an audience', {}, ({ audience, subject }) => ({ audience, subject })],
    ['of a resource', {}, ({ subject }) => ({ resource: 'orders-db/orders', subject })],
    ['of a subtree', {}, ({ subject }) => ({ resource: 'orders-db/*', subject })],
    ['of a policy', {}, ({ policies: [policy], subject }) => ({ policy, subject })],
    ['of a policy bundle', {}, ({ policyBundle, subject }) => ({ policy_bundle: policyBundle, subject })],
  ])('%s, and no others', async (_what, { with: more = {} }, selectorOf) => {
    const mine = [await vend(more), await vend(more)];
    const other = await vend({ audience: 'releases', authorization_details: [RELEASE] }, ciJob);
    const record = await recordOf(mine[0]?.tokenId ?? '');
    const seen = await revoke({ ...selectorOf(record), reason: 'a test' });
    expect(seen.at(-1)?.revoked).toBeGreaterThanOrEqual(2);
    for (const { token, tokenId } of mine) {
      expect(await statusOf(tokenId)).toBe('revoked');
      expect(await introspect(token)).toEqual({ active: false });
    }
    expect(await statusOf(other.tokenId)).toBe('issued');
  });

  it('of one running workload, by its session name', async () => {
    const sessions = ['i-0aaa', 'i-0aaa', 'i-0bbb'].map((session) => `${session}-${process.pid}`);
    const role = 'arn:aws:iam::000000000000:role/fleet';
    const template = await recordOf((await vend()).tokenId);
    const fleet = sessions.map((session) => ({ ...template, tokenId: crypto.randomUUID(), subject: role, session }));
    await seedRecords(dynamo, outputs.TableName, fleet, 'workload');
    expect((await revoke({ workload: sessions[0] })).at(-1)).toMatchObject({ status: 'done', revoked: 2 });
    const states = await Promise.all(fleet.map(({ tokenId }) => statusOf(tokenId)));
    expect(states).toEqual(['revoked', 'revoked', 'issued']);
    expect(await statusOf(template.tokenId)).toBe('issued');
  });

  it('issued up to a time, and not those issued since', async () => {
    const before = await vend();
    const until = new Date((await recordOf(before.tokenId)).decidedAt).toISOString();
    const since = await vend();
    await revoke({ all: true, issued_before: until });
    expect([await statusOf(before.tokenId), await statusOf(since.tokenId)]).toEqual(['revoked', 'issued']);
  });

  it('and the audit shows who requested the revocation, of what, and how many tokens were revoked', async () => {
    await vend({ task: 'audited-1' });
    const [first] = await revoke({ task: 'audited-1', reason: 'incident 7' });
    await eventually(async () => {
      expect(await audit.eventsWith('revocationId', first?.revocation_id)).toMatchObject([
        {
          detailType: 'Revocation Ordered',
          detail: {
            selector: { task: 'audited-1' },
            by: expect.stringMatching(/user\/security-operator$/),
            reason: 'incident 7',
          },
        },
        { detailType: 'Token Revoked', detail: { revocationReason: 'incident 7' } },
        { detailType: 'Revocation Completed', detail: { revoked: 1 } },
      ]);
    });
  });

  it('and the audit shows that a token to revoke was not active', async () => {
    const { tokenId } = await vend();
    expect((await submit({ token_id: tokenId })).body).toMatchObject({ revoked: 1 });
    const reason = crypto.randomUUID();
    expect((await submit({ token_id: tokenId, reason })).body).toMatchObject({ revoked: 0 });
    await eventually(async () => {
      expect(await audit.eventsWith('reason', reason)).toMatchObject([
        { detailType: 'Revocation Completed', detail: { revoked: 0, selector: { tokenId } } },
      ]);
    });
  });

  it('of everybody, only with the selector all', async () => {
    const { tokenId } = await vend();
    expect((await submit({ reason: 'all of them' })).body).toMatchObject({ error: 'invalid_request', field: 'all' });
    expect(await statusOf(tokenId)).toBe('issued');
    await revoke({ all: 'true' });
    expect(await statusOf(tokenId)).toBe('revoked');
  });
});

const RELEASE = { type: 'resource', locations: ['releases/orders/v17'], actions: ['write'] };

describe('a block', () => {
  const lift = (parameters: Record<string, unknown>) =>
    curl(`${endpoint}/blocks/lift`, operator, ...formData(parameters));
  afterEach(() => lift({ subject: SUBJECT }));

  it('keeps a revoked subject from new tokens until it is lifted, and the audit shows both', async () => {
    const before = Date.now();
    const [response] = await revoke({ subject: SUBJECT, block_for: 600, reason: 'laptop stolen' });
    const until = Date.parse(String(response?.blocked_until));
    expect(until).toBeGreaterThanOrEqual(before + 600_000);
    const refused = await ask();
    expect([refused.status, refused.body.error]).toEqual([403, 'access_denied']);
    // Once the block is cached, a request is denied before anything is signed, instead of leaving a failed token.
    await eventually(async () => {
      expect((await ask()).status).toBe(403);
      const events = await audit.eventsWith('subject', SUBJECT);
      expect(events).toContainEqual(
        expect.objectContaining({
          detailType: 'Token Denied',
          detail: expect.objectContaining({ denial: 'subject_blocked' }),
        }),
      );
    });
    expect((await ask({ audience: 'releases', authorization_details: [RELEASE] }, ciJob)).status).toBe(200);

    expect((await lift({ subject: SUBJECT, reason: 'found again' })).body).toEqual({ unblocked: true });
    expect((await lift({ subject: SUBJECT })).body).toEqual({ unblocked: false });
    expect((await ask()).status).toBe(200);
    await eventually(async () => {
      const events = await audit.eventsWith('subject', SUBJECT);
      expect(events.map(({ detailType, detail }) => [detailType, 'reason' in detail && detail.reason])).toEqual(
        expect.arrayContaining([
          ['Subject Blocked', 'laptop stolen'],
          ['Subject Unblocked', 'found again'],
        ]),
      );
    });
  });

  it('keeps an unknown workload from tokens, if the request allows unknown subjects', async () => {
    const subject = `arn:aws:iam::000000000000:user/never-asked-${process.pid}`;
    expect((await submit({ subject })).status).toBe(404);
    expect((await revoke({ subject, allow_unknown: 'true' })).at(-1)).toMatchObject({ status: 'done', revoked: 0 });
    expect((await subjectStatuses.get(subject)).block?.until).toBeGreaterThan(Date.now());
    const other = `${subject}-either`;
    const Detail = JSON.stringify({ subject: other, allowUnknown: true });
    const entry = { EventBusName: outputs.EventBusName, Source: 'security.team', DetailType: 'Revocation Requested' };
    await new EventBridgeClient(target).send(new PutEventsCommand({ Entries: [{ ...entry, Detail }] }));
    await eventually(async () => {
      expect((await subjectStatuses.get(other)).block?.until).toBeGreaterThan(Date.now());
    });
  });

  it('is not imposed if the request excludes it', async () => {
    const [response] = await revoke({ subject: SUBJECT, block_for: 0 });
    expect(response).not.toHaveProperty('blocked_until');
    expect((await ask()).status).toBe(200);
  });
});

describe('a workload', () => {
  it('revokes its tokens of a task when the task is done, and keeps its others', async () => {
    const task = `deploy-${crypto.randomUUID()}`;
    const [first, second, other] = [await vend({ task }), await vend({ task }), await vend({ task: 'another' })];
    expect((await curl(`${endpoint}/revoke`, workload, ...formData({ task }))).status).toBe(200);
    await eventually(async () => {
      for (const { token } of [first, second]) expect(await introspect(token)).toEqual({ active: false });
    });
    expect(await introspect(other.token)).toHaveProperty('active', true);
    expect((await ask({ task })).status).toBe(200);
  });

  it('cannot revoke another workload’s tokens by their task', async () => {
    const task = `deploy-${crypto.randomUUID()}`;
    const { token, tokenId } = await vend({ task });
    expect((await curl(`${endpoint}/revoke`, ciJob, ...formData({ task }))).status).toBe(200);
    await revoke({ task: 'none', allow_unknown: true });
    expect(await statusOf(tokenId)).toBe('issued');
    expect(await introspect(token)).toHaveProperty('active', true);
  });
});

describe('nothing is done', () => {
  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['an unknown field', { subject: SUBJECT, everything: true }, 'everything'],
    ['no selector', { reason: 'all of them' }, 'all'],
    ['all together with a subject', { all: 'true', subject: SUBJECT }, 'all'],
    ['all that is not true', { all: 'yes' }, 'all'],
    ['a time alone', { issued_before: '2026-11-22T09:30:00Z' }, 'all'],
    ['an invalid time', { subject: SUBJECT, issued_before: 'yesterday' }, 'issued_before'],
    ['a subject that is not a workload', { subject: 'arn:aws:iam::000000000000:root' }, 'subject'],
    ['a block for another selector than a subject', { audience: 'orders-db', block_for: 60 }, 'block_for'],
    ['a block for too long', { subject: SUBJECT, block_for: 2_592_001 }, 'block_for'],
    ['an empty subject together with an audience', { subject: '', audience: 'orders-db' }, 'subject'],
    ['a truncated bundle hash', { policy_bundle: 'abc' }, 'policy_bundle'],
  ])('for %s', async (_what, parameters, field) => {
    const { token } = await vend();
    const { status, body } = await submit(parameters);
    expect([status, body.error, body.field]).toEqual([400, 'invalid_request', field]);
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('and nothing is listed for an empty subject', async () => {
    const { status, body } = await curl(`${endpoint}/tokens?subject=`, operator);
    expect([status, body.error, body.field]).toEqual([400, 'invalid_request', 'subject']);
  });

  it.each<[string, Record<string, unknown>, string, string | undefined]>([
    ['a misspelt subject', { subject: MISSPELT }, 'subject', SUBJECT],
    ['a subject in another case', { subject: SUBJECT.replace('orders', 'Orders') }, 'subject', SUBJECT],
    ['a policy that does not exist', { policy: 'orders-service-reads-order' }, 'policy', 'orders-service-reads-orders'],
    ['an audience that does not exist', { audience: 'orders_db' }, 'audience', 'orders-db'],
    ['a token without a record', { token_id: '11111111-2222-4333-8444-555555555555' }, 'token_id', undefined],
  ])('for %s: the error suggests the nearest name, and nobody is blocked', async (_what, parameters, field, nearest) => {
    const { token } = await vend();
    for (const dry_run of [undefined, 'true']) {
      const { status, body } = await submit({ ...parameters, ...(dry_run && { dry_run }) });
      expect([status, body.error, body.field]).toEqual([404, 'unknown_target', field]);
      expect(body.error_description).toMatch(
        / is not known: no .*stored record names it, and records are stored until 2d /,
      );
      if (nearest !== undefined) expect(body.error_description).toContain(`; did you mean ${nearest}?`);
    }
    for (const subject of [MISSPELT, SUBJECT]) expect(await subjectStatuses.get(subject)).not.toHaveProperty('block');
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('in a dry run, which only counts', async () => {
    const task = `dry-${crypto.randomUUID()}`;
    const { token } = await vend({ task });
    await vend({ task });
    expect(await submit({ task, dry_run: 'true' })).toMatchObject({
      status: 200,
      body: { would_revoke: 2, subjects: 1 },
    });
    const all = (await submit({ all: 'true', dry_run: 'true' })).body;
    expect(all.would_revoke).toBeGreaterThanOrEqual(2);
    expect(await introspect(token)).toHaveProperty('active', true);
    expect((await revoke({ task })).at(-1)).toMatchObject({ revoked: 2 });
  });

  it('for a duplicate field', async () => {
    const twice = [...formData({ subject: SUBJECT }), ...formData({ subject: `${SUBJECT}-2` })];
    expect((await curl(`${endpoint}/revocations`, operator, ...twice)).status).toBe(400);
  });

  it('and nothing is returned for an unknown or invalid revocation ID', async () => {
    const unknown = await progress(crypto.randomUUID());
    expect([unknown.status, unknown.body.error]).toEqual([404, 'not_found']);
    expect((await progress('a%20b')).status).toBeGreaterThanOrEqual(400);
  });

  it('for a workload, because IAM denies the request', async () => {
    for (const path of ['revocations', 'blocks/lift']) {
      expect((await curl(`${endpoint}/${path}`, workload, ...formData({ subject: SUBJECT }))).status).toBe(403);
    }
  });

  it.each<[string, string, object, RegExp]>([
    ['a source that is not configured', 'someone.else', { subject: SUBJECT }, /revocation_sources/],
    ['an unknown property', 'security.team', { subject: SUBJECT, everything: true }, /unknown property/],
    ['no selector', 'security.team', { reason: 'all of them' }, /all/],
    [
      'a token without a record',
      'security.team',
      { tokenId: '22222222-3333-4444-8555-666666666666' },
      /^detail\.tokenId 22222222-\S+ is not known/,
    ],
    ['a misspelt subject', 'security.team', { subject: MISSPELT }, /^detail\.subject \S+ is not known.*did you mean/],
  ])('for an event with %s: it is stored unchanged, and the audit shows the reason', async (_what, Source, detail, problem) => {
    const { token } = await vend();
    const marker = crypto.randomUUID();
    const Detail = JSON.stringify({ ...detail, reason: marker });
    const entry = { EventBusName: outputs.EventBusName, Source, DetailType: 'Revocation Requested', Detail };
    const { FailedEntryCount } = await new EventBridgeClient(target).send(new PutEventsCommand({ Entries: [entry] }));
    expect(FailedEntryCount).toBe(0);
    const sqs = new SQSClient(target);
    await eventually(async () => {
      const receive = new ReceiveMessageCommand({
        QueueUrl: outputs.RevocationDeadLetterQueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 1,
      });
      const letters = ((await sqs.send(receive)).Messages ?? []).map(({ Body = '' }) => JSON.parse(Body));
      expect(letters).toContainEqual(
        expect.objectContaining({ source: Source, detail: { ...detail, reason: marker } }),
      );
    });
    await eventually(async () => {
      const refusals = await audit.eventsWith('from', `${Source} of account 000000000000`);
      expect(refusals).toContainEqual(
        expect.objectContaining({
          detailType: 'Revocation Refused',
          detail: expect.objectContaining({ via: 'event', problem: expect.stringMatching(problem) }),
        }),
      );
    });
    expect(await introspect(token)).toHaveProperty('active', true);
  });
});
