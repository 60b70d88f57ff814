import { type AuditEvent, auditEvents } from '@tvm/contract/events.ts';
import type { DetectAnomaliesPorts } from '@tvm/core/anomaly/detect-anomalies.ts';
import type { AnomalySettings } from '@tvm/core/anomaly/settings.ts';
import { auditEvent } from '@tvm/core/audit/audit-event.ts';
import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { runRevocation } from '@tvm/core/revocation/requests/run-revocation.ts';
import { introspectToken } from '@tvm/core/verification/introspect-token.ts';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anomalyQueue } from '#lambdas/detect-anomalies/anomaly-queue.ts';
import { inMemoryContinuations, inMemoryProfiles } from '../../fakes/in-memory-records.ts';
import { asking, from, inMemoryService, rules, SUBJECT } from '../../fakes/in-memory-service.ts';
import { catchPrinted } from '../../support/printed.ts';
import { settings } from '../core/anomaly/settings.ts';

const SERVER = 'arn:aws:iam::111122223333:role/orders-db';
const writes = asking({
  authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['write'] }],
});
const everywhere = (response: 'notify' | 'shorten' | 'block') => ({
  respond: { low: response, medium: response, high: response },
});

let tvm: Awaited<ReturnType<typeof inMemoryService>> &
  DetectAnomaliesPorts & { continuations: ReturnType<typeof inMemoryContinuations> };
beforeEach(async () => {
  tvm = { ...(await inMemoryService()), profiles: inMemoryProfiles(), continuations: inMemoryContinuations() };
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** The events of decisions since the last call. */
let told = 0;
let printed: () => string;
beforeEach(() => {
  told = 0;
  printed = catchPrinted();
});
function events(): AuditEvent[] {
  const records = [...tvm.records.states.values()].slice(told);
  told += records.length;
  return records.flatMap((record) => auditEvent(undefined, { kind: 'record', record }, `of-${record.tokenId}`) ?? []);
}

async function vend() {
  const outcome = await issueToken(asking(), from, rules, tvm);
  const record = [...tvm.records.states.values()].at(-1);
  if (outcome.kind !== 'issued' || record === undefined) throw new Error(outcome.kind);
  await tvm.index.add(record);
  return outcome;
}

async function refuse(times: number) {
  for (let time = 0; time < times; time++) await issueToken(writes, from, rules, tvm);
}

/** Delivers events to the function like EventBridge and SQS. */
function bring(brought: readonly AuditEvent[], change: Partial<AnomalySettings> = {}) {
  const Records = brought.map(({ detailType, detail }, index) => ({
    messageId: `message-${index}`,
    body: JSON.stringify({ source: 'tvm', 'detail-type': detailType, detail }),
    attributes: { SentTimestamp: String(tvm.clock.now()) },
  }));
  const handler = anomalyQueue({ ...settings, ...change }, tvm);
  return handler({ Records } as unknown as SQSEvent, {} as Context);
}

const facts = () => [...tvm.facts.facts.values()].map(({ detail }) => detail);
const introspect = (token: string) =>
  introspectToken(
    token,
    'arn:aws:sts::111122223333:assumed-role/orders-db/task',
    { issuer: rules.issuer, resourceServers: { [SERVER]: ['orders-db'] } },
    tvm,
  );
const tenDenials = async () => {
  await refuse(10);
  return events();
};

describe('an anomaly', () => {
  it('is only reported, unless the configuration enables a response', async () => {
    const { token } = await vend();
    expect(await bring(await tenDenials())).toEqual({ batchItemFailures: [] });
    const [fact, ...more] = [...tvm.facts.facts];
    expect(more).toEqual([]);
    const detail = { version: '1', eventId: 'e', ...fact?.[1].detail };
    expect(auditEvents['Anomaly Detected'].strict().parse(detail)).toMatchObject({
      detector: 'beyond-grants',
      severity: 'medium',
      subject: SUBJECT,
      observed: 10,
      usual: 0,
      window: 300,
      what: 'It made 10 requests in five minutes that its grants do not cover.',
      response: 'notify',
    });
    expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
    expect(await introspect(token)).toHaveProperty('active', true);
  });

  it('is counted by severity and by detector', async () => {
    const brought = await tenDenials();
    // With POWERTOOLS_DEV no metrics would be written.
    vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false');
    await bring(brought);
    const lines = printed()
      .split('\n')
      .filter((line) => line.includes('"_aws"'));
    const counted = lines.map((line) => JSON.parse(line)).filter((line) => line.Anomalies === 1);
    expect(counted).toMatchObject([
      { service: 'test', severity: 'medium' },
      { service: 'test', detector: 'beyond-grants' },
    ]);
  });

  it('shortens: new tokens are short, and existing ones are revoked when a short one would expire', async () => {
    const { token, tokenId } = await vend();
    await bring(await tenDenials(), everywhere('shorten'));
    expect(facts()).toMatchObject([{ response: 'shorten' }]);
    const now = tvm.clock.now();
    const { limit, block } = await tvm.subjectStatuses.get(SUBJECT);
    expect(limit).toMatchObject({ lifetime: 60, until: now + 3_600_000, by: 'tvm:anomaly/beyond-grants' });
    expect(block).toBeUndefined();
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued', lifetime: 60 });
    expect(await introspect(token)).toHaveProperty('active', true);

    const [{ revocationId = '', after } = {}] = tvm.continuations.waiting;
    expect(after).toBe(60);
    tvm.clock.time += 60_000;
    await runRevocation(revocationId, tvm.clock.now() + 1000, tvm);
    expect(tvm.records.states.get(tokenId)).toMatchObject({
      status: 'revoked',
      revokedBy: 'tvm:anomaly/beyond-grants',
    });
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued' });
  });

  it('shortens tokens that were issued just before the limit applied, too', async () => {
    const { limit } = tvm.subjectStatuses;
    let during = '';
    tvm.subjectStatuses.limit = async (...args) => {
      tvm.clock.time += 5;
      during = (await vend()).tokenId;
      tvm.clock.time += 5;
      return limit(...args);
    };
    await bring(await tenDenials(), everywhere('shorten'));
    const [{ revocationId = '' } = {}] = tvm.continuations.waiting;
    tvm.clock.time += 60_000;
    await runRevocation(revocationId, tvm.clock.now() + 1000, tvm);
    expect(tvm.records.states.get(during)?.status).toBe('revoked');
  });

  it('blocks: revokes the workload’s tokens immediately, and denies new ones for a time', async () => {
    const { token, tokenId } = await vend();
    await bring(await tenDenials(), everywhere('block'));
    expect(facts()).toMatchObject([{ response: 'block' }]);
    expect(await introspect(token)).toEqual({ active: false });
    tvm.clock.time += 1;
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'denied', denial: 'subject_blocked' });
    const [{ revocationId = '', after } = {}] = tvm.continuations.waiting;
    expect(after).toBe(0);
    await runRevocation(revocationId, tvm.clock.now() + 1000, tvm);
    expect(tvm.records.states.get(tokenId)).toMatchObject({ status: 'revoked', revocationId });
    tvm.clock.time += 3_600_000;
    expect(await issueToken(asking(), from, rules, tvm)).toMatchObject({ kind: 'issued' });
  });

  it('causes the response configured for its severity', async () => {
    const respond = { low: 'block', medium: 'notify', high: 'shorten' } as const;
    await bring(await tenDenials(), { respond });
    expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
    await refuse(30);
    await bring(events(), { respond });
    expect(facts()).toMatchObject([
      { severity: 'medium', response: 'notify' },
      { severity: 'high', response: 'shorten' },
    ]);
    expect(await tvm.subjectStatuses.get(SUBJECT)).toHaveProperty('limit');
  });

  it('over all workloads is reported without a response', async () => {
    const strangers = Array.from(
      { length: 30 },
      (_, index) => `arn:aws:sts::111122223333:assumed-role/stranger-${index}/i`,
    );
    for (const userArn of strangers) await issueToken(asking(), { ...from, userArn }, rules, tvm);
    await bring(events(), { ...everywhere('block'), learning: 0 });
    expect(facts()).toMatchObject([{ detector: 'denial-spike', observed: 30, response: 'notify' }]);
    expect(facts()[0]).not.toHaveProperty('subject');
    expect(tvm.continuations.waiting).toEqual([]);
  });
});

describe('a redelivered event', () => {
  it('is not counted, reported or responded to again', async () => {
    const brought = await tenDenials();
    for (let time = 0; time < 3; time++) await bring(brought, everywhere('block'));
    expect([tvm.facts.facts.size, tvm.continuations.waiting.length]).toEqual([1, 1]);
    expect((await tvm.profiles.get('*'))?.profile.minutes).toMatchObject([[expect.anything(), 0, 10, 10]]);
  });

  it('after a partial failure has the same result as without one', async () => {
    const brought = await tenDenials();
    const { facts: working } = tvm;
    tvm.facts = { ...working, put: () => Promise.reject(new Error('throttled')) };
    await expect(bring(brought, everywhere('block'))).rejects.toThrow();
    const blocked = (await tvm.subjectStatuses.get(SUBJECT)).block;
    tvm.facts = working;
    tvm.clock.time += 2000;
    expect(await bring(brought, everywhere('block'))).toEqual({ batchItemFailures: [] });
    expect(facts()).toMatchObject([{ response: 'block' }]);
    expect((await tvm.subjectStatuses.get(SUBJECT)).block).toEqual(blocked);
  });

  it('processed by two invocations at once is counted once', async () => {
    const brought = await tenDenials();
    await Promise.all([bring(brought.slice(0, 6)), bring(brought.slice(4)), bring(brought.slice(2, 7))]);
    expect((await tvm.profiles.get(SUBJECT))?.profile.minutes).toMatchObject([[expect.anything(), 0, 10, 10]]);
    expect(facts()).toMatchObject([{ observed: 10 }]);
  });
});

describe('a reported use', () => {
  const used = (tokenId: string, outcome: 'allowed' | 'refused'): AuditEvent => {
    const time = new Date(tvm.clock.now()).toISOString();
    const of = { version: '1', eventId: `${outcome}-${tokenId}`, time, tokenId, subject: SUBJECT } as const;
    const what = { audience: 'orders-db', by: SERVER, action: 'read', location: 'orders-db/orders', outcome } as const;
    return { detailType: 'Token Used', detail: { ...of, ...what } };
  };

  it('is an anomaly if the token was revoked before', async () => {
    const [good, bad] = [await vend(), await vend()];
    await tvm.records.revoke(bad.tokenId, { revokedAt: tvm.clock.now(), revokedBy: 'security.team' });
    tvm.clock.time += 1000;
    await bring([used(good.tokenId, 'allowed')]);
    expect(facts()).toEqual([]);
    await bring([used(bad.tokenId, 'refused'), used(bad.tokenId, 'allowed')]);
    expect(facts()).toMatchObject([
      { detector: 'revoked-token-use', severity: 'high', tokenId: bad.tokenId, observed: 2 },
    ]);
  });
});

it('leaves a message that is not an audit event to the dead-letter queue, and processes the others', async () => {
  const [one, ...others] = await tenDenials();
  const malformed = { ...one, detail: { ...one?.detail, subject: 7 } } as unknown as AuditEvent;
  const unknown = { detailType: 'constructor', detail: {} } as unknown as AuditEvent;
  const { batchItemFailures } = (await bring([malformed, unknown, ...others])) ?? {};
  expect(batchItemFailures).toEqual([{ itemIdentifier: 'message-0' }, { itemIdentifier: 'message-1' }]);
  expect((await tvm.profiles.get(SUBJECT))?.profile.minutes).toMatchObject([[expect.anything(), 0, 9, 9]]);
});
