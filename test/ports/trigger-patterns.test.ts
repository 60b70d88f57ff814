import { EventBridgeClient, TestEventPatternCommand } from '@aws-sdk/client-eventbridge';
import { switchedOn, TRIGGERS, type TriggerName } from '@tvm/core/revocation/triggers/index.ts';
import type { TriggerPattern } from '@tvm/core/revocation/triggers/trigger.ts';
import { describe, expect, inject, it } from 'vitest';
import { everything } from '../fakes/revoke-on.ts';

const eventBridge = new EventBridgeClient(inject('deployed').target);
const patterns = new Map(switchedOn(everything).map(({ name, pattern }) => [name, pattern]));

async function matches(pattern: TriggerPattern | undefined, event: object): Promise<boolean | undefined> {
  const call = new TestEventPatternCommand({ EventPattern: JSON.stringify(pattern), Event: JSON.stringify(event) });
  return (await eventBridge.send(call)).Result;
}

type Change = Record<string, unknown>;

function changed(name: TriggerName, { detail, ...envelope }: Change): object {
  const { example } = TRIGGERS[name];
  return { ...example, ...envelope, detail: { ...(example.detail as object), ...(detail as object) } };
}

describe('EventBridge', () => {
  it.each(
    Object.keys(TRIGGERS) as TriggerName[],
  )('matches the documented event with the pattern of %s', async (name) => {
    expect(await matches(patterns.get(name), TRIGGERS[name].example)).toBe(true);
  });

  it.each(
    Object.keys(TRIGGERS) as TriggerName[],
  )('matches no other documented event with the pattern of %s', async (name) => {
    for (const [other, { example }] of Object.entries(TRIGGERS)) {
      if (other !== name) expect([other, await matches(patterns.get(name), example)]).toEqual([other, false]);
    }
  });

  const failed = { detail: { errorCode: 'AccessDenied' } };
  const [found] = (TRIGGERS.security_hub_finding.example.detail as { findings: Change[] }).findings;
  const finding = (change: Change) => ({ detail: { findings: [{ ...found, ...change }] } });

  it.each<[TriggerName, string, Change]>([
    ['ecs_task_stopped', 'a task that is stopping', { detail: { lastStatus: 'STOPPING' } }],
    ['ecs_task_stopped', 'a local source', { source: 'local.aws.ecs' }],
    ['ec2_instance_stopped', 'an instance that runs', { detail: { state: 'running' } }],
    ['lambda_function_deleted', 'a call that failed', failed],
    ['iam_role_deleted', 'a call that failed', failed],
    ['iam_role_deleted', 'another call', { detail: { eventName: 'UpdateRole' } }],
    ['iam_user_deleted', 'a call that failed', failed],
    ['iam_access_key_disabled', 'a key made active', { detail: { requestParameters: { status: 'Active' } } }],
    ['iam_access_key_disabled', 'a call that failed', failed],
    [
      'iam_tagged',
      'another value',
      { detail: { requestParameters: { tags: [{ key: 'tvm-state', value: 'active' }] } } },
    ],
    ['iam_tagged', 'a call that failed', failed],
    ['codepipeline_finished', 'an execution that continues', { detail: { state: 'STARTED' } }],
    ['codebuild_finished', 'a build that continues', { detail: { 'build-status': 'IN_PROGRESS' } }],
    ['guardduty_finding', 'a severity below', { detail: { severity: 6.9 } }],
    ['security_hub_finding', 'a severity below', finding({ Severity: { Normalized: 69 } })],
    ['security_hub_finding', 'a suppressed finding', finding({ Workflow: { Status: 'SUPPRESSED' } })],
    ['security_hub_finding', 'an archived finding', finding({ RecordState: 'ARCHIVED' })],
    ['cloudwatch_alarm', 'an alarm that returned to OK', { detail: { state: { value: 'OK' } } }],
    ['cloudwatch_alarm', 'another alarm', { detail: { alarmName: 'Other' } }],
    ['resource_tagged', 'another value', { detail: { tags: { 'tvm-state': 'active' } } }],
    ['resource_tagged', 'a volume', { detail: { 'resource-type': 'volume' } }],
    ['project_archived', 'another type', { 'detail-type': 'Project Opened' }],
  ])('does not match with the pattern of %s: %s', async (name, _, change) => {
    expect(await matches(patterns.get(name), changed(name, change))).toBe(false);
  });

  it('matches a deleted key, which has no status', async () => {
    const deleted = { detail: { eventName: 'DeleteAccessKey', requestParameters: { userName: 'ci-job' } } };
    expect(await matches(patterns.get('iam_access_key_disabled'), changed('iam_access_key_disabled', deleted))).toBe(
      true,
    );
  });
});
