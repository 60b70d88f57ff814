import { revocationsTriggeredBy, TRIGGERS, type TriggerName } from '@tvm/core/revocation/triggers/index.ts';
import { describe, expect, it } from 'vitest';
import { everything } from '#test/fakes/revoke-on.ts';

const FOREIGN = '444455556666';

type Change = Record<string, unknown>;

const TWO_TAGS = [
  { key: 'tvm-state', value: 'active' },
  { key: 'team', value: 'deactivated' },
];

/** Returns the result for a trigger's documented event with changes. */
function told(name: TriggerName, { detail, ...envelope }: Change) {
  const { example } = TRIGGERS[name];
  const event = { ...example, ...envelope, detail: { ...(example.detail as object), ...(detail as object) } };
  return revocationsTriggeredBy(event, { revokeOn: everything, awsSources: 'aws.' });
}

const taken = (happened: ReturnType<typeof told>) =>
  happened !== undefined && 'revocations' in happened ? happened.revocations.map(({ selector }) => selector) : happened;

const call = (requestParameters: unknown, more: Change = {}) => ({ detail: { requestParameters, ...more } });

describe('revokes nothing', () => {
  it.each<[TriggerName, string, Change]>([
    [
      'ecs_task_stopped',
      'a task that has not stopped yet',
      { detail: { lastStatus: 'RUNNING', desiredStatus: 'STOPPED' } },
    ],
    ['ecs_task_stopped', 'a task that is stopping', { detail: { lastStatus: 'STOPPING' } }],
    ['ec2_instance_stopped', 'a running instance', { detail: { state: 'running' } }],
    ['ec2_instance_stopped', 'a starting instance', { detail: { state: 'pending' } }],
    ['lambda_function_deleted', 'a call that failed', call(null, { errorCode: 'AccessDenied' })],
    ['lambda_function_deleted', 'a version', call({ functionName: 'orders', qualifier: '7' })],
    ['lambda_function_deleted', 'a version by name', call({ functionName: 'orders:7' })],
    ['lambda_function_deleted', 'another call', { detail: { eventName: 'GetFunction20150331v2' } }],
    ['iam_role_deleted', 'a call that failed', { detail: { errorCode: 'DeleteConflictException' } }],
    ['iam_role_deleted', 'another call', { detail: { eventName: 'UpdateRole' } }],
    ['iam_role_deleted', 'the same call of another API', { detail: { eventSource: 'identitystore.amazonaws.com' } }],
    ['iam_user_deleted', 'a call that failed', { detail: { errorCode: 'AccessDenied' } }],
    ['iam_access_key_disabled', 'a key made active', call({ userName: 'ci-job', status: 'Active' })],
    ['iam_access_key_disabled', 'a call that failed', { detail: { errorCode: 'NoSuchEntityException' } }],
    [
      'iam_access_key_disabled',
      'a key of the root user',
      { detail: { requestParameters: { status: 'Inactive' }, userIdentity: { type: 'Root' } } },
    ],
    ['iam_tagged', 'another value', call({ roleName: 'a', tags: [{ key: 'tvm-state', value: 'active' }] })],
    ['iam_tagged', 'key and value of two tags', call({ roleName: 'a', tags: TWO_TAGS })],
    ['iam_tagged', 'a call that failed', { detail: { errorCode: 'AccessDenied' } }],
    ['codepipeline_finished', 'an execution that is still stopping', { detail: { state: 'STOPPING' } }],
    ['codebuild_finished', 'a build in progress', { detail: { 'build-status': 'IN_PROGRESS' } }],
    ['guardduty_finding', 'a lower severity', { detail: { severity: 6.9 } }],
    ['guardduty_finding', 'a sample', { detail: { service: { additionalInfo: { sample: true } } } }],
    ['guardduty_finding', 'an archived finding', { detail: { service: { archived: true } } }],
    ['guardduty_finding', 'a bucket', { detail: { resource: { resourceType: 'S3Bucket' } } }],
    [
      'guardduty_finding',
      'the root user’s credentials',
      { detail: { resource: { accessKeyDetails: { userType: 'Root', userName: 'Root' } } } },
    ],
    ['security_hub_finding', 'a lower severity', finding({ Severity: { Normalized: 69 } })],
    ['security_hub_finding', 'a suppressed finding', finding({ Workflow: { Status: 'SUPPRESSED' } })],
    ['security_hub_finding', 'a resolved finding', finding({ Workflow: { Status: 'RESOLVED' } })],
    ['security_hub_finding', 'an archived finding', finding({ RecordState: 'ARCHIVED' })],
    ['security_hub_finding', 'a bucket', finding({ Resources: [{ Type: 'AwsS3Bucket', Id: 'arn:aws:s3:::b' }] })],
    ['cloudwatch_alarm', 'an alarm that is back to OK', { detail: { state: { value: 'OK' } } }],
    ['cloudwatch_alarm', 'an alarm that the configuration does not name', { detail: { alarmName: 'constructor' } }],
    ['resource_tagged', 'another key', { detail: { 'changed-tag-keys': ['team'], tags: { team: 'deactivated' } } }],
    ['resource_tagged', 'another value', { detail: { tags: { 'tvm-state': 'active' } } }],
    ['resource_tagged', 'a tag that did not change', { detail: { 'changed-tag-keys': ['team'] } }],
    ['resource_tagged', 'a removed tag', { detail: { tags: {} } }],
    ['resource_tagged', 'a volume', { resources: ['arn:aws:ec2:us-east-1:111122223333:volume/vol-1'] }],
  ])('%s: %s', (name, _, change) => {
    expect(told(name, change)).toBeUndefined();
  });
});

describe('is refused', () => {
  it.each<[TriggerName, string, Change, string]>([
    [
      'ecs_task_stopped',
      'a task of another account',
      { detail: { taskArn: `arn:aws:ecs:us-east-1:${FOREIGN}:task/c/${'a'.repeat(32)}` } },
      'detail.taskArn must be of the event’s own account',
    ],
    [
      'ecs_task_stopped',
      'an ARN that is not a task',
      { detail: { taskArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/c' } },
      'detail.taskArn must be the ARN of an ECS task',
    ],
    ['ecs_task_stopped', 'text that is not an ARN', { detail: { taskArn: 'task' } }, 'detail.taskArn must be the ARN'],
    [
      'ecs_task_stopped',
      'an ARN that is too long',
      { detail: { taskArn: `arn:aws:ecs:us-east-1:111122223333:task/${'a'.repeat(2_048)}` } },
      'detail.taskArn must have at most 2048 characters',
    ],
    ['ec2_instance_stopped', 'an invalid ID', { detail: { 'instance-id': 'i-' } }, 'detail.instance-id must be the id'],
    [
      'ec2_instance_stopped',
      'a state that is too long',
      { detail: { state: 'x'.repeat(65) } },
      'detail.state must be the state of an instance',
    ],
    [
      'lambda_function_deleted',
      'a function of another account',
      call({ functionName: `arn:aws:lambda:us-east-1:${FOREIGN}:function:orders` }),
      'detail.requestParameters.functionName must be of the event’s own account',
    ],
    [
      'lambda_function_deleted',
      'no function',
      call({}),
      'detail.requestParameters.functionName must be the name or ARN',
    ],
    ['lambda_function_deleted', 'no parameters', call(null), 'detail.requestParameters must name a function'],
    [
      'iam_role_deleted',
      'a call in another account',
      { detail: { recipientAccountId: FOREIGN } },
      'detail.recipientAccountId must be the event’s own account',
    ],
    ['iam_role_deleted', 'no name', call({ roleName: 'a b' }), 'detail.requestParameters.roleName must be the name'],
    [
      'iam_user_deleted',
      'a name that is too long',
      call({ userName: 'a'.repeat(65) }),
      'detail.requestParameters.userName must be the name of a role or user: at most 64',
    ],
    ['iam_access_key_disabled', 'no status', call({ status: 7 }), 'detail.requestParameters.status must be the status'],
    [
      'iam_tagged',
      'neither role nor user',
      call({ tags: [] }),
      'detail.requestParameters.roleName or userName must be',
    ],
    ['iam_tagged', 'no tags', call({ roleName: 'a' }), 'detail.requestParameters.tags must be an array of tags'],
    [
      'codepipeline_finished',
      'an invalid ID',
      { detail: { 'execution-id': '*' } },
      'detail.execution-id must be the id',
    ],
    [
      'codebuild_finished',
      'a build of another account',
      { detail: { 'build-id': `arn:aws:codebuild:us-east-1:${FOREIGN}:build/p1:${'a'.repeat(36)}` } },
      'detail.build-id must be of the event’s own account',
    ],
    ['codebuild_finished', 'no build', { detail: { 'build-id': 'p:1' } }, 'detail.build-id must be the ARN'],
    [
      'guardduty_finding',
      'a finding of another account',
      { detail: { accountId: FOREIGN } },
      'detail.accountId must be the event’s own account',
    ],
    [
      'guardduty_finding',
      'a task of another account',
      {
        detail: {
          resource: { ecsClusterDetails: { taskDetails: { arn: `arn:aws:ecs:us-east-1:${FOREIGN}:task/c/abc` } } },
        },
      },
      'detail.resource.ecsClusterDetails.taskDetails.arn must be of the event’s own account',
    ],
    [
      'guardduty_finding',
      'a role without a name',
      { detail: { resource: { accessKeyDetails: { userType: 'AssumedRole' } } } },
      'detail.resource.accessKeyDetails.userName must be the name of a role or user',
    ],
    ['guardduty_finding', 'no severity', { detail: { severity: 'high' } }, 'detail.severity must be a number'],
    [
      'security_hub_finding',
      'a finding of another account',
      finding({ AwsAccountId: FOREIGN }),
      'detail.findings.AwsAccountId must be the event’s own account',
    ],
    [
      'security_hub_finding',
      'a role of another account',
      finding({ Resources: [{ Type: 'AwsIamRole', Id: `arn:aws:iam::${FOREIGN}:role/a` }] }),
      'detail.findings.Resources.Id must be of the event’s own account',
    ],
    [
      'security_hub_finding',
      'too many findings',
      { detail: { findings: Array.from({ length: 11 }, () => firstFinding()) } },
      'detail.findings must have at most 10 findings',
    ],
    [
      'security_hub_finding',
      'too many resources',
      finding({ Resources: Array.from({ length: 33 }, () => ({ Type: 'Other', Id: 'x' })) }),
      'detail.findings.0.Resources must have at most 32 resources',
    ],
    ['cloudwatch_alarm', 'no state', { detail: { state: 'ALARM' } }, 'detail.state must be the state of an alarm'],
    [
      'resource_tagged',
      'a role of another account',
      { resources: [`arn:aws:ec2:us-east-1:${FOREIGN}:instance/i-0abcd1111efab2222`] },
      'resources must be of the event’s own account',
    ],
    ['resource_tagged', 'no resource', { resources: [] }, 'resources must be one ARN'],
    [
      'resource_tagged',
      'a value that is too long',
      { detail: { tags: { 'tvm-state': 'x'.repeat(257) } } },
      'detail.tags.tvm-state must have at most 256 characters',
    ],
    ['project_archived', 'a subtree', { detail: { project: 'a/*' } }, 'detail.project must be a location without /*'],
    ['project_archived', 'everything', { detail: { project: '*' } }, 'detail.project must be a name like'],
    ['project_archived', 'an unknown property', { detail: { all: true } }, 'detail must have project'],
    [
      'project_archived',
      'another source',
      { source: 'someone.else' },
      'source must be one that revoke_on lists for this event',
    ],
    ['workload_deactivated', 'two names', { detail: { workload: 'i-1' } }, 'detail.subject or workload must be given'],
    ['workload_deactivated', 'no name', { detail: { subject: undefined } }, 'detail.subject or workload must be given'],
    [
      'workload_deactivated',
      'text that is not an ARN',
      { detail: { subject: 'a' } },
      'detail.subject must be the ARN of an IAM role',
    ],
    [
      'workload_deactivated',
      'another source',
      { source: 'aws.ecs' },
      'source must be one that revoke_on lists for this event',
    ],
    ['task_done', 'no task', { detail: { task: '' } }, 'detail.task must be at most 128'],
    ['task_done', 'a task that is too long', { detail: { task: 'x'.repeat(129) } }, 'detail.task must be at most 128'],
    [
      'task_done',
      'another source',
      { source: 'someone.else' },
      'source must be one that revoke_on lists for this event',
    ],
  ])('%s: %s', (name, _, change, problem) => {
    expect(told(name, change)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('names the workload in every documented way', () => {
  const role = (name: string, account = '111122223333') => `arn:aws:iam::${account}:role/${name}`;

  it.each<[TriggerName, string, Change, object[]]>([
    [
      'ecs_task_stopped',
      'a task’s short ARN',
      { detail: { taskArn: 'arn:aws:ecs:us-east-1:111122223333:task/c13b4cb40f1f' } },
      [{ workload: 'c13b4cb40f1f' }],
    ],
    ['lambda_function_deleted', 'a name', call({ functionName: 'orders' }), [{ workload: 'orders' }]],
    [
      'lambda_function_deleted',
      'a partial ARN',
      call({ functionName: '111122223333:function:orders' }),
      [{ workload: 'orders' }],
    ],
    [
      'lambda_function_deleted',
      'an ARN',
      call({ functionName: 'arn:aws:lambda:us-east-1:111122223333:function:orders' }),
      [{ workload: 'orders' }],
    ],
    [
      'iam_role_deleted',
      'in China',
      { region: 'cn-north-1' },
      [{ subject: 'arn:aws-cn:iam::111122223333:role/orders-service' }],
    ],
    [
      'iam_access_key_disabled',
      'a key that was deleted',
      call({ userName: 'ci-job', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, { eventName: 'DeleteAccessKey' }),
      [{ subject: 'arn:aws:iam::111122223333:user/ci-job' }],
    ],
    [
      'iam_access_key_disabled',
      'the caller’s own key',
      call({ accessKeyId: 'AKIAIOSFODNN7EXAMPLE' }, { eventName: 'DeleteAccessKey' }),
      [{ subject: 'arn:aws:iam::111122223333:user/Alice' }],
    ],
    [
      'iam_tagged',
      'a user',
      call({ userName: 'ci-job', tags: [{ key: 'tvm-state', value: 'deactivated' }] }, { eventName: 'TagUser' }),
      [{ subject: 'arn:aws:iam::111122223333:user/ci-job' }],
    ],
    [
      'codebuild_finished',
      'a project name that is too long for a task',
      { detail: { 'build-id': `arn:aws:codebuild:us-east-1:111122223333:build/${'p'.repeat(150)}:${'a'.repeat(36)}` } },
      [{ workload: `AWSCodeBuild-${'a'.repeat(36)}` }],
    ],
    [
      'guardduty_finding',
      'a user',
      { detail: { resource: { accessKeyDetails: { userType: 'IAMUser', userName: 'ci-job' } } } },
      [{ subject: 'arn:aws:iam::111122223333:user/ci-job' }],
    ],
    [
      'guardduty_finding',
      'a task',
      {
        detail: {
          resource: { ecsClusterDetails: { taskDetails: { arn: 'arn:aws:ecs:us-east-1:111122223333:task/c/abc' } } },
        },
      },
      [{ workload: 'abc' }],
    ],
    [
      'guardduty_finding',
      'a function’s role',
      { detail: { resource: { lambdaDetails: { role: 'arn:aws:iam::111122223333:role/service-role/fn' } } } },
      [{ subject: role('fn') }],
    ],
    [
      'security_hub_finding',
      'roles, users, instances, functions and tasks, each once',
      finding({
        Resources: [
          { Type: 'AwsIamRole', Id: 'arn:aws:iam::111122223333:role/a-path/orders' },
          { Type: 'AwsIamRole', Id: 'arn:aws:iam::111122223333:role/orders' },
          { Type: 'AwsIamUser', Id: 'arn:aws:iam::111122223333:user/ci-job' },
          { Type: 'AwsLambdaFunction', Id: 'arn:aws:lambda:us-west-2:111122223333:function:fn' },
          { Type: 'AwsEcsTask', Id: 'arn:aws:ecs:us-west-2:111122223333:task/c/abc' },
        ],
      }),
      [
        { subject: role('orders') },
        { subject: 'arn:aws:iam::111122223333:user/ci-job' },
        { workload: 'fn' },
        { workload: 'abc' },
      ],
    ],
    [
      'resource_tagged',
      'a function',
      { resources: ['arn:aws:lambda:us-east-1:111122223333:function:orders'] },
      [{ workload: 'orders' }],
    ],
    [
      'resource_tagged',
      'a task',
      { resources: ['arn:aws:ecs:us-east-1:111122223333:task/c/abc'] },
      [{ workload: 'abc' }],
    ],
    [
      'workload_deactivated',
      'a running workload',
      { detail: { subject: undefined, workload: 'i-0abcd1111efab2222' } },
      [{ workload: 'i-0abcd1111efab2222' }],
    ],
    [
      'workload_deactivated',
      'a session of a role',
      { detail: { subject: 'arn:aws:sts::111122223333:assumed-role/orders/i-1' } },
      [{ subject: role('orders') }],
    ],
    ['project_archived', 'its location', { detail: { project: 'orders-db' } }, [{ resource: 'orders-db/*' }]],
  ])('%s: %s', (name, _, change, selectors) => {
    expect(taken(told(name, change))).toEqual(selectors);
  });
});

function firstFinding(): Change {
  const { findings } = TRIGGERS.security_hub_finding.example.detail as { findings: Change[] };
  return findings[0] ?? {};
}

function finding(change: Change): Change {
  return { detail: { findings: [{ ...firstFinding(), ...change }] } };
}
