import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { TRIGGERS, type TriggerName } from '@tvm/core/revocation/triggers/index.ts';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { workloadRole } from '../support/assumed-role.ts';
import { curl, formData } from '../support/curl.ts';
import { ask, endpoint, introspect, operator, vend, workload } from '../support/deployed-service.ts';
import { eventually } from '../support/eventually.ts';

const { target, outputs } = inject('deployed');
const eventBridge = new EventBridgeClient(target);

const ROLE = 'arn:aws:iam::000000000000:role/orders-task';

let session: Awaited<ReturnType<typeof workloadRole>>;
beforeAll(async () => {
  session = await workloadRole('orders-task');
});

type Change = { resources?: string[]; source?: string; detail?: object };

/**
 * Puts a documented event with the emulator's account and other changes: AWS's own events on the default bus, others on
 * TVM's.
 */
async function put(name: TriggerName, { detail, ...envelope }: Change) {
  const example = JSON.parse(JSON.stringify(TRIGGERS[name].example).replaceAll('111122223333', '000000000000'));
  const { source, resources } = { ...example, ...envelope };
  const ofAws = source.startsWith('aws.');
  const entry = {
    Source: ofAws ? `local.${source}` : source,
    ...(!ofAws && { EventBusName: outputs.EventBusName }),
    DetailType: example['detail-type'],
    Resources: resources,
    Detail: JSON.stringify({ ...example.detail, ...detail }),
  };
  expect(await eventBridge.send(new PutEventsCommand({ Entries: [entry] }))).toMatchObject({ FailedEntryCount: 0 });
}

const inactive = (token: string) => eventually(async () => expect(await introspect(token)).toEqual({ active: false }));
const active = async (token: string) => expect(await introspect(token)).toHaveProperty('active', true);

const task = () => crypto.randomUUID().replaceAll('-', '');
const taskArn = (id: string) => `arn:aws:ecs:us-east-1:000000000000:task/demo/${id}`;
const lift = () => curl(`${endpoint}/blocks/lift`, operator, ...formData({ subject: ROLE }));

describe('only the tokens of one running workload are revoked, not those of others with the same role, on', () => {
  const instance = () => `i-0${task().slice(0, 16)}`;
  it.each<[TriggerName, () => string, (session: string) => Change]>([
    ['ecs_task_stopped', task, (id) => ({ detail: { taskArn: taskArn(id) } })],
    ['ec2_instance_stopped', instance, (id) => ({ detail: { 'instance-id': id } })],
    [
      'lambda_function_deleted',
      () => `orders-${task()}`,
      (name) => ({ detail: { requestParameters: { functionName: name } } }),
    ],
    [
      'codebuild_finished',
      () => `AWSCodeBuild-${crypto.randomUUID()}`,
      (name) => ({
        detail: {
          'build-id': `arn:aws:codebuild:us-east-1:000000000000:build/orders:${name.slice('AWSCodeBuild-'.length)}`,
        },
      }),
    ],
    ['resource_tagged', task, (id) => ({ resources: [taskArn(id)] })],
  ])('%s', async (name, sessionName, change) => {
    const id = sessionName();
    const { token } = await vend({}, await session(id));
    const sibling = await vend({}, await session(task()));
    await put(name, change(id));
    await inactive(token);
    await active(sibling.token);
  });
});

describe('a subject’s tokens are revoked', () => {
  it.each<[TriggerName, Change]>([
    ['iam_role_deleted', { detail: { requestParameters: { roleName: 'orders-task' } } }],
  ])('on %s, and a new subject with the same name can get tokens', async (name, change) => {
    const caller = await session(task());
    const { token } = await vend({}, caller);
    await put(name, change);
    await inactive(token);
    await active((await vend({}, caller)).token);
  });

  it.each<[TriggerName, Change]>([
    ['iam_user_deleted', { detail: { requestParameters: { userName: 'orders-service' } } }],
    ['iam_access_key_disabled', { detail: { requestParameters: { userName: 'orders-service', status: 'Inactive' } } }],
  ])('on %s, and the caller can get new tokens', async (name, change) => {
    const { token } = await vend({}, workload);
    await put(name, change);
    await inactive(token);
    await active((await vend({}, workload)).token);
  });

  it.each<[TriggerName, Change]>([
    [
      'guardduty_finding',
      { detail: { resource: { accessKeyDetails: { userType: 'AssumedRole', userName: 'orders-task' } } } },
    ],
    [
      'iam_tagged',
      {
        detail: {
          requestParameters: { roleName: 'orders-task', tags: [{ key: 'tvm-state', value: 'deactivated' }] },
        },
      },
    ],
    ['security_hub_finding', securityHubFinding(ROLE)],
    ['workload_deactivated', { detail: { subject: ROLE } }],
  ])('on %s, and the subject gets no tokens until the block is lifted', async (name, change) => {
    const caller = await session(task());
    const { token } = await vend({}, caller);
    await put(name, change);
    await inactive(token);
    expect((await ask({}, caller)).status).toBe(403);
    expect(await lift()).toMatchObject({ status: 200, body: { unblocked: true } });
    await active((await vend({}, caller)).token);
  });
});

describe('only the tokens of one task are revoked, on', () => {
  const uuid = () => crypto.randomUUID();
  it.each<[TriggerName, () => string, (task: string) => Change]>([
    ['codepipeline_finished', uuid, (id) => ({ detail: { 'execution-id': id } })],
    [
      'codebuild_finished',
      () => `orders:${uuid()}`,
      (id) => ({ detail: { 'build-id': `arn:aws:codebuild:us-east-1:000000000000:build/${id}` } }),
    ],
    ['task_done', uuid, (id) => ({ detail: { task: id } })],
    ['cloudwatch_alarm', () => 'orders-export', () => ({ detail: { alarmName: 'orders-exfiltration' } })],
  ])('%s', async (name, taskId, change) => {
    const id = taskId();
    const { token } = await vend({ task: id });
    const other = await vend({ task: uuid() });
    await put(name, change(id));
    await inactive(token);
    await active(other.token);
  });
});

it('only the tokens of a project are revoked when it is archived', async () => {
  const shipments = { type: 'resource', locations: ['orders-db/shipments'], actions: ['read'] };
  const { token } = await vend({ authorization_details: [shipments], expires_in: 300 });
  const other = await vend();
  await put('project_archived', { detail: { project: 'orders-db/shipments' } });
  await inactive(token);
  await active(other.token);
});

describe('nothing is revoked', () => {
  /** Waits until an event that was put later has been processed. */
  async function later() {
    const id = task();
    const marker = await vend({}, await session(id));
    await put('ecs_task_stopped', { detail: { taskArn: taskArn(id) } });
    await inactive(marker.token);
  }

  it.each<[string, TriggerName, (id: string) => Change]>([
    [
      'by a task that has not stopped yet',
      'ecs_task_stopped',
      (id) => ({ detail: { taskArn: taskArn(id), lastStatus: 'RUNNING' } }),
    ],
    [
      'by a call that failed',
      'iam_role_deleted',
      () => ({ detail: { requestParameters: { roleName: 'orders-task' }, errorCode: 'DeleteConflictException' } }),
    ],
    [
      'by a finding below the severity',
      'guardduty_finding',
      () => ({
        detail: { severity: 6.9, resource: { accessKeyDetails: { userType: 'AssumedRole', userName: 'orders-task' } } },
      }),
    ],
    ['by an alarm that is not named', 'cloudwatch_alarm', () => ({ detail: { alarmName: 'another' } })],
    [
      'by a tag of another value',
      'resource_tagged',
      (id) => ({ resources: [taskArn(id)], detail: { tags: { 'tvm-state': 'active' } } }),
    ],
    [
      'by a source that is not configured',
      'workload_deactivated',
      () => ({ source: 'someone.else', detail: { subject: ROLE } }),
    ],
    [
      'by a task of another account',
      'ecs_task_stopped',
      (id) => ({ detail: { taskArn: taskArn(id).replace('000000000000', '444455556666') } }),
    ],
  ])('%s', async (_, name, change) => {
    const id = task();
    const { token } = await vend({}, await session(id));
    await put(name, change(id));
    await later();
    await active(token);
  });

  it('by a malformed event, which is stored for the operator', async () => {
    const project = `refused-${task()}/*`;
    await put('project_archived', { detail: { project } });
    const sqs = new SQSClient(target);
    await eventually(async () => {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: outputs.RevocationDeadLetterQueueUrl, MaxNumberOfMessages: 10 }),
      );
      expect(Messages.map(({ Body }) => Body).join()).toContain(project);
    });
  });

  it('by an event with a source of AWS, which EventBridge rejects', async () => {
    const id = task();
    const { token } = await vend({}, await session(id));
    const entry = {
      Source: 'aws.ecs',
      DetailType: 'ECS Task State Change',
      Detail: JSON.stringify({ taskArn: taskArn(id), lastStatus: 'STOPPED' }),
    };
    expect(await eventBridge.send(new PutEventsCommand({ Entries: [entry] }))).toMatchObject({ FailedEntryCount: 1 });
    await later();
    await active(token);
  });
});

function securityHubFinding(arn: string): Change {
  const { findings } = TRIGGERS.security_hub_finding.example.detail as { findings: object[] };
  const change = { AwsAccountId: '000000000000', Resources: [{ Type: 'AwsIamRole', Id: arn }] };
  return { detail: { findings: [{ ...findings[0], ...change }] } };
}
