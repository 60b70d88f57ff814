import type { RequestedRevocation } from '@tvm/contract/revocation.ts';
import { revocationSelector } from '@tvm/contract/selector.ts';
import { reason } from '@tvm/contract/text.ts';
import { parseCaller } from '@tvm/core/identity/caller.ts';
import {
  revocationsTriggeredBy,
  switchedOn,
  TRIGGERS,
  type TriggerName,
  type TriggerSettings,
} from '@tvm/core/revocation/triggers/index.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everything } from '#test/fakes/revoke-on.ts';

const settings: TriggerSettings = { revokeOn: everything, awsSources: 'aws.' };
const NAMES = Object.keys(TRIGGERS) as TriggerName[];

/** The revocations of each trigger's example. */
const TAKEN_BACK: Record<TriggerName, RequestedRevocation[]> = {
  ecs_task_stopped: [{ selector: { workload: 'c13b4cb40f1f4fe4a2971f76ae5a47ad' }, reason: 'ECS task stopped' }],
  ec2_instance_stopped: [{ selector: { workload: 'i-0abcd1111efab2222' }, reason: 'EC2 instance terminated' }],
  lambda_function_deleted: [{ selector: { workload: 'basic-node-task' }, reason: 'Lambda function deleted' }],
  iam_role_deleted: [
    {
      selector: { subject: 'arn:aws:iam::111122223333:role/orders-service' },
      reason: 'IAM role deleted',
      blockFor: 0,
    },
  ],
  iam_user_deleted: [
    { selector: { subject: 'arn:aws:iam::111122223333:user/ci-job' }, reason: 'IAM user deleted', blockFor: 0 },
  ],
  iam_access_key_disabled: [
    { selector: { subject: 'arn:aws:iam::111122223333:user/ci-job' }, reason: 'IAM access key disabled', blockFor: 0 },
  ],
  iam_tagged: [
    { selector: { subject: 'arn:aws:iam::111122223333:role/orders-service' }, reason: 'tagged for deactivation' },
  ],
  codepipeline_finished: [
    { selector: { task: '12345678-1234-5678-abcd-12345678abcd' }, reason: 'CodePipeline execution SUCCEEDED' },
  ],
  codebuild_finished: [
    {
      selector: { workload: 'AWSCodeBuild-8745a7a9-c340-456a-9166-edf953571bec' },
      reason: 'CodeBuild build SUCCEEDED',
    },
    {
      selector: { task: 'my-sample-project:8745a7a9-c340-456a-9166-edf953571bec' },
      reason: 'CodeBuild build SUCCEEDED',
    },
  ],
  guardduty_finding: [
    {
      selector: { subject: 'arn:aws:iam::111122223333:role/orders-service' },
      reason: 'GuardDuty finding 16afba5c5c43e07c9e3e5e2e544e95df',
    },
    {
      selector: { workload: 'i-0abcd1111efab2222' },
      reason: 'GuardDuty finding 16afba5c5c43e07c9e3e5e2e544e95df',
    },
  ],
  security_hub_finding: [
    { selector: { workload: 'i-0abcd1111efab2222' }, reason: 'Security Hub finding' },
    { selector: { subject: 'arn:aws:iam::111122223333:role/orders-service' }, reason: 'Security Hub finding' },
  ],
  cloudwatch_alarm: [{ selector: { audience: 'orders-db' }, reason: 'CloudWatch alarm ServerCpuTooHigh' }],
  resource_tagged: [{ selector: { workload: 'i-0abcd1111efab2222' }, reason: 'tagged for deactivation' }],
  project_archived: [{ selector: { resource: 'billing/legacy/*' }, reason: 'closed with the year' }],
  workload_deactivated: [
    {
      selector: { subject: 'arn:aws:iam::111122223333:role/orders-service' },
      reason: 'replaced by orders-service-2',
    },
  ],
  task_done: [{ selector: { task: 'deploy-4711' }, reason: 'task done' }],
};

describe.each(NAMES)('%s', (name) => {
  const { example } = TRIGGERS[name];
  const happened = { trigger: name, revocations: TAKEN_BACK[name] };

  it('revokes what its documented event names, with a readable reason', () => {
    expect(revocationsTriggeredBy(example, settings)).toEqual(happened);
    for (const revocation of TAKEN_BACK[name]) {
      expect(() => revocationSelector.parse(revocation.selector)).not.toThrow();
      expect(() => reason.parse(revocation.reason)).not.toThrow();
    }
  });

  it('revokes nothing unless it is enabled', () => {
    const { [name]: _, ...others } = everything;
    expect(revocationsTriggeredBy(example, { ...settings, revokeOn: others })).toBeUndefined();
    expect(revocationsTriggeredBy(example, { ...settings, revokeOn: {} })).toBeUndefined();
    expect(revocationsTriggeredBy(example, { ...settings, revokeOn: { ...others, [name]: false } })).toBeUndefined();
  });

  it('reports an event with a malformed detail', () => {
    for (const detail of [undefined, null, 'text', 7, []]) {
      expect(revocationsTriggeredBy({ ...example, detail }, settings)).toEqual({
        problem: expect.stringMatching(/^detail/),
      });
    }
  });

  it('accepts a local source only on an emulator', () => {
    const local = { ...example, source: `local.${example.source}` };
    const emulator: TriggerSettings = { ...settings, awsSources: 'local.aws.' };
    if (example.source.startsWith('aws.')) {
      expect(revocationsTriggeredBy(local, settings)).toBeUndefined();
      expect(revocationsTriggeredBy(local, emulator)).toEqual(happened);
      expect(revocationsTriggeredBy(example, emulator)).toBeUndefined();
    } else {
      expect(revocationsTriggeredBy(example, emulator)).toEqual(happened);
      expect(revocationsTriggeredBy(local, emulator)).toEqual({ problem: expect.stringMatching(/^source/) });
    }
  });
});

it.each([
  [{ account: '1111' }, 'account must be an account of 12 digits'],
  [{ account: undefined }, 'account must be an account'],
  [{ source: 7 }, 'source must be the source of an event'],
  [{ 'detail-type': null }, 'detail-type must be the type of an event'],
  [{ region: 'nowhere at all' }, 'region must be a region'],
  [{ resources: 'arn' }, 'resources must be an array of names'],
])('reports an envelope with %o as malformed', (change, problem) => {
  expect(revocationsTriggeredBy({ ...TRIGGERS.ecs_task_stopped.example, ...change }, settings)).toEqual({ problem });
});

it.each([
  'iam_user_deleted',
  'iam_access_key_disabled',
] as const)('%s names a user with a path as its tokens do, although the event omits the path', (name) => {
  const subject = parseCaller('arn:aws:iam::111122223333:user/pipelines/eu/ci-job')?.subject;
  expect(revocationsTriggeredBy(TRIGGERS[name].example, settings)).toMatchObject({
    revocations: [{ selector: { subject } }],
  });
});

it.each([
  [
    'a federated workload by its subject',
    'github:repo:1296269',
    { revocations: [{ selector: { subject: 'github:repo:1296269' } }] },
  ],
  ['no subject in another spelling', 'github:%41', { problem: expect.stringContaining('subject must be the ARN') }],
])('an operator’s event deactivates %s', (_, subject, expected) => {
  const event = { ...TRIGGERS.workload_deactivated.example, detail: { subject } };
  expect(revocationsTriggeredBy(event, settings)).toMatchObject(expected);
});

it('an event that no trigger matches revokes nothing', () => {
  const example = TRIGGERS.ecs_task_stopped.example;
  expect(revocationsTriggeredBy({ ...example, source: 'aws.batch' }, settings)).toBeUndefined();
  expect(revocationsTriggeredBy({ ...example, 'detail-type': 'ECS Service Action' }, settings)).toBeUndefined();
});

describe('any event', () => {
  const hostile = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('__proto__', 'constructor', 'arn:aws:constructor:us-east-1:111122223333:x', 'x'.repeat(5_000)),
  );

  /** An example in which one value, at any depth, is replaced. */
  const changed = fc
    .tuple(fc.constantFrom(...NAMES), fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), hostile)
    .map(([name, path, value]) => {
      const event = structuredClone(TRIGGERS[name].example) as unknown as Record<string, unknown>;
      let at = event;
      for (const [depth, step] of path.entries()) {
        const keys = Object.keys(at);
        const key = keys[step % keys.length];
        if (key === undefined) break;
        const below = at[key];
        if (depth < path.length - 1 && typeof below === 'object' && below !== null) at = below as typeof event;
        else {
          at[key] = value;
          break;
        }
      }
      return event;
    });

  it('never throws, and yields only revocations with a selector', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(), changed), (event) => {
        const happened = revocationsTriggeredBy(event, settings);
        if (happened === undefined || 'problem' in happened) return;
        expect(happened.revocations.length).toBeGreaterThan(0);
        for (const { selector, reason: why } of happened.revocations) {
          revocationSelector.parse(selector);
          reason.parse(why);
        }
      }),
      { numRuns: 5_000 },
    );
  });
});

it('every trigger has a pattern within the limits of EventBridge', () => {
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
  for (const { pattern } of switchedOn(everything)) expect(JSON.stringify(pattern).length).toBeLessThan(2_048);
});
