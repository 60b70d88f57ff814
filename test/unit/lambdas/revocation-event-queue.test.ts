import { issueToken } from '@tvm/core/issuing/issue-token.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { indexTokens } from '@tvm/core/records/index-tokens.ts';
import { ecsTaskStopped } from '@tvm/core/revocation/triggers/ecs-task-stopped.ts';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { eventQueue } from '#lambdas/revoke-tokens-by-event/event-queue.ts';
import { asking, from, inMemoryService, rules, SUBJECT, targets } from '../../fakes/in-memory-service.ts';
import { catchPrinted } from '../../support/printed.ts';

const context = { functionName: 'revoke-tokens-by-event', awsRequestId: 'r' } as Context;
const ACCOUNT = '111122223333';

let tvm: Awaited<ReturnType<typeof inMemoryService>>;
let dead: object[];
let printed: () => string;
beforeEach(async () => {
  tvm = await inMemoryService();
  dead = [];
  printed = catchPrinted();
});
afterEach(() => vi.restoreAllMocks());

/** Delivers messages like SQS. */
async function receive(message: unknown, sentAt = tvm.clock.now()) {
  const settings = {
    account: ACCOUNT,
    sources: ['security.team'],
    blockFor: 60,
    ...targets,
    triggers: { revokeOn: { ecs_task_stopped: true }, awsSources: 'aws.' as const },
  };
  const deadLetters = { put: async (letter: object) => void dead.push(letter) };
  const body = typeof message === 'string' ? message : JSON.stringify(message);
  const Records = [{ body, messageId: 'm-1', attributes: { SentTimestamp: String(sentAt) } }];
  return eventQueue(settings, { ...tvm, deadLetters })({ Records } as unknown as SQSEvent, context);
}

const event = (detail: unknown, change: object = {}) => ({
  version: '0',
  id: 'b1cabfe6-1cd9-46c2-8b83-ef498cd9fc8e',
  source: 'security.team',
  'detail-type': 'Revocation Requested',
  account: ACCOUNT,
  region: 'eu-central-1',
  time: '2026-01-01T12:00:00Z',
  resources: [],
  detail,
  ...change,
});

async function vend(userArn = from.userArn) {
  const outcome = await issueToken(asking(), { ...from, userArn }, rules, tvm);
  if (outcome.kind !== 'issued') throw new Error(outcome.kind);
  await indexTokens([outcome.tokenId], tvm);
  return outcome.tokenId;
}
const states = () => [...tvm.records.states.values()].map(({ status }) => status);

/** Delivers the queue's messages until it is empty. */
async function goOn() {
  const { waiting } = tvm.continuations;
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    tvm.clock.time += message.after * 1000;
    await receive({ goOnWith: message.revocationId });
  }
}

it('revokes the tokens that a request selects, with the event’s id, and blocks a subject', async () => {
  await vend();
  await receive(event({ subject: SUBJECT, reason: 'laptop stolen' }));
  expect([...tvm.records.states.values()]).toMatchObject([
    { revokedBy: 'security.team', revocationReason: 'laptop stolen', revocationId: event({}).id },
  ]);
  expect((await tvm.subjectStatuses.get(SUBJECT)).block).toMatchObject({ until: tvm.clock.now() + 60_000 });
  await goOn();
  expect(await tvm.orders.get(event({}).id)).toMatchObject({ revoked: 1, completedAt: expect.any(Number) });
  expect(dead).toEqual([]);
});

it('has the same effect when it is delivered again', async () => {
  const request = event({ subject: SUBJECT, blockFor: 0 });
  const sentAt = tvm.clock.now();
  await receive(request, sentAt);
  await goOn();
  const later = await vend();
  await receive(request, sentAt);
  await goOn();
  expect(tvm.records.states.get(later)?.status).toBe('issued');
  expect(await tvm.orders.get(request.id)).toMatchObject({ revoked: 0 });
});

it('revokes the tokens that belong to a trigger', async () => {
  const { example } = ecsTaskStopped;
  const revoked = ecsTaskStopped.revokes(example, true);
  if ('problem' in revoked) throw new Error(revoked.problem);
  const workload = revoked.find(({ selector }) => selector.workload !== undefined)?.selector.workload ?? '';
  await vend(`arn:aws:sts::${ACCOUNT}:assumed-role/orders-service/${workload}`);
  await vend();
  await receive(example);
  expect(states()).toEqual(['revoked', 'issued']);
});

it('ignores events that are not a reason to revoke', async () => {
  await vend();
  await receive(
    event({ anything: true }, { source: 'aws.ec2', 'detail-type': 'EC2 Instance State-change Notification' }),
  );
  expect(states()).toEqual(['issued']);
  expect(dead).toEqual([]);
  expect([...tvm.facts.facts]).toEqual([]);
});

it.each<[string, ReturnType<typeof event>, string]>([
  [
    'another account',
    event({ subject: SUBJECT }, { account: '999988887777' }),
    'account must be the AWS account of the service',
  ],
  [
    'an unknown source',
    event({ subject: SUBJECT }, { source: 'someone.else' }),
    'source must be one that revocation_sources lists',
  ],
  [
    'the service’s own source',
    event({ subject: SUBJECT }, { source: 'tvm' }),
    'source must be one that revocation_sources lists',
  ],
  ['an unknown member', event({ subject: SUBJECT, everything: true }), 'detail has an unknown property'],
  [
    'no selector',
    event({ reason: 'all' }),
    'detail.all must be true to select every token, unless another selector is given',
  ],
  ['a detail that is not an object', event('everything'), expect.stringMatching(/^detail /)],
  ['a missing detail', event(null), expect.stringMatching(/^detail /)],
  [
    'all beside a subject',
    event({ all: true, subject: SUBJECT }),
    'detail.all cannot be combined with other filters, except the time of issue',
  ],
  [
    'a block of a task',
    event({ task: 't', blockFor: 60 }),
    expect.stringContaining('is only allowed if the subject is the only filter'),
  ],
  [
    'a misspelt subject',
    event({ subject: SUBJECT.replace('service', 'servcie') }),
    expect.stringMatching(/^detail\.subject \S+servcie is not known: .*; did you mean \S+service\?$/),
  ],
  [
    'a token without a record',
    event({ tokenId: '11111111-2222-4333-8444-555555555555' }),
    expect.stringMatching(/^detail\.tokenId 1111\S+ is not known: no stored record names it/),
  ],
  ['a policy that does not exist', event({ policy: 'nobody' }), expect.stringMatching(/^detail\.policy nobody is not/)],
  ['an empty subject', event({ subject: '', audience: 'orders-db' }), 'detail.subject must not be empty'],
  ['an empty audience', event({ subject: SUBJECT, audience: '' }), 'detail.audience must not be empty'],
  ['an empty policy', event({ subject: SUBJECT, policy: '' }), 'detail.policy must not be empty'],
  ['an empty workload', event({ subject: SUBJECT, workload: '' }), 'detail.workload must not be empty'],
  ['an empty task', event({ subject: SUBJECT, task: '' }), expect.stringMatching(/^detail\.task must be/)],
  ['an empty resource', event({ subject: SUBJECT, resource: '' }), expect.stringMatching(/^detail\.resource must be/)],
  ['an empty token id', event({ subject: SUBJECT, tokenId: '' }), expect.stringMatching(/^detail\.tokenId must be/)],
  [
    'an empty bundle',
    event({ subject: SUBJECT, policyBundle: '' }),
    expect.stringMatching(/^detail\.policyBundle must/),
  ],
  ['an empty time', event({ subject: SUBJECT, issuedBefore: '' }), expect.stringMatching(/^detail\.issuedBefore must/)],
  ['an invalid event id', event({ all: true }, { id: 'a b' }), 'the event is not an EventBridge event'],
])('refuses an event with %s: revokes nothing, stores the event and records the reason for the audit', async (_what, bad, problem) => {
  await vend();
  expect(await receive(bad)).toEqual({ batchItemFailures: [] });
  expect(states()).toEqual(['issued']);
  expect(await tvm.subjectStatuses.get(SUBJECT)).toEqual({});
  expect(await tvm.orders.get(bad.id)).toBeUndefined();
  expect(dead).toEqual([bad]);
  expect([...tvm.facts.facts.values()]).toEqual([
    {
      detailType: 'Revocation Refused',
      detail: {
        time: new Date(tvm.clock.now()).toISOString(),
        via: 'event',
        from: `${bad.source} of account ${bad.account}`,
        problem,
      },
    },
  ]);
});

it('quotes no text of an arbitrary form', async () => {
  const forged = 'security.team\u202e {"level":"INFO"}';
  await receive(event({ [forged]: forged }, { source: forged, account: forged, id: 'e-1' }));
  expect(printed()).not.toContain('\u202e');
  expect(JSON.stringify([...tvm.facts.facts])).not.toContain('\u202e');
  expect([...tvm.facts.facts.values()]).toMatchObject([{ detail: { from: 'unknown of account unknown' } }]);
});

it('returns failed messages to the queue, and those that are not JSON', async () => {
  await vend();
  tvm.orders.submit = async () => {
    throw new DependencyFault('DynamoDB', new Error('throttled'));
  };
  await expect(receive(event({ audience: 'orders-db' }))).rejects.toThrow('DynamoDB failed');
  await expect(receive('{')).rejects.toThrow();
  expect(dead).toEqual([]);
});

it('sends itself one message per page of a revocation, more than 16 times, and then stops', async () => {
  const tokens = 20;
  for (let vended = 0; vended < tokens; vended++) await vend();
  const { index } = tvm;
  const slowly: typeof index = {
    ...index,
    page(query) {
      tvm.clock.time += 40_000;
      return index.page({ ...query, limit: 1 });
    },
  };
  Object.assign(tvm, { index: slowly });
  await receive(event({ subject: SUBJECT }));
  const send = vi.spyOn(tvm.continuations, 'schedule');
  await goOn();
  expect(await tvm.orders.get(event({}).id)).toMatchObject({ completedAt: expect.any(Number) });
  expect(send.mock.calls.length).toBeGreaterThan(16);
  expect(send.mock.calls.length).toBeLessThan(2 * tokens);
});

it('ignores a continuation of an unknown revocation', async () => {
  expect(await receive({ goOnWith: 'never-placed' })).toEqual({ batchItemFailures: [] });
  expect(tvm.continuations.waiting).toEqual([]);
});

it('blocks a workload that never requested a token, if the event allows unknown ones', async () => {
  const subject = 'arn:aws:iam::111122223333:role/legacy-importer';
  await receive(event({ subject, allowUnknown: true }));
  expect((await tvm.subjectStatuses.get(subject)).block).toMatchObject({ until: tvm.clock.now() + 60_000 });
  expect(dead).toEqual([]);
});

it('records once for the audit that a token was not active', async () => {
  const tokenId = await vend();
  tvm.clock.time += 900_000;
  await receive(event({ tokenId }));
  await receive(event({ tokenId }));
  expect([...tvm.facts.facts.values()]).toMatchObject([
    { detailType: 'Revocation Completed', detail: { revocationId: event({}).id, revoked: 0, selector: { tokenId } } },
  ]);
  expect(dead).toEqual([]);
});

it('revokes by a trigger for an unknown workload', async () => {
  await receive(ecsTaskStopped.example);
  expect([dead, [...tvm.facts.facts]]).toEqual([[], []]);
  expect(tvm.continuations.waiting.length).toBeGreaterThan(0);
});
