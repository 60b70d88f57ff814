import * as z from 'zod';
import { credentialsOf, isNamed, revocationsOf, type SeveritySettings } from './finding.ts';
import { accountProblem, arn } from './resource.ts';
import { trigger } from './trigger.ts';

const text = z.string({ error: 'must be text' }).max(512, { error: 'must have at most 512 characters' });
const instanceId = z
  .string({ error: 'must be the id of an instance' })
  .regex(/^i-[0-9a-z]{1,32}$/, { error: 'must be the id of an instance' });

/**
 * Revokes tokens for a GuardDuty finding at or above a severity: those of the role or user whose credentials the
 * finding is about, of the role of a Lambda function, and of the session of an instance or an ECS task. Sample findings
 * and archived findings are ignored.
 *
 * @see https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html
 * @see https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Resource.html
 */
export const guarddutyFinding = trigger({
  pattern: ({ severity }: SeveritySettings) => ({
    source: ['aws.guardduty'],
    'detail-type': ['GuardDuty Finding'],
    detail: { severity: [{ numeric: ['>=', severity] }] },
  }),
  detail: z.object({
    accountId: z.string({ error: 'must be an account' }),
    id: z
      .string({ error: 'must be the id of a finding' })
      .regex(/^[\w-]{1,128}$/, { error: 'must be the id of a finding' }),
    severity: z.number({ error: 'must be a number' }),
    resource: z.object(
      {
        accessKeyDetails: z
          .object({ userName: text.optional(), userType: text.optional() })
          .refine(({ userType: type, userName: name }) => isNamed({ type, name }), {
            path: ['userName'],
            error: 'must be the name of a role or user',
          })
          .optional(),
        instanceDetails: z.object({ instanceId }).optional(),
        ecsClusterDetails: z.object({ taskDetails: z.object({ arn }).optional() }).optional(),
        lambdaDetails: z.object({ role: arn.optional(), functionArn: arn.optional() }).optional(),
      },
      { error: 'must be the resource of the finding' },
    ),
    service: z
      .object({
        archived: z.boolean().optional(),
        additionalInfo: z.object({ sample: z.boolean().optional() }).optional(),
      })
      .optional(),
  }),
  revokes(event, settings) {
    const { accountId, id, severity, resource, service } = event.detail;
    if (severity < settings.severity || service?.archived || service?.additionalInfo?.sample) return [];
    if (accountId !== event.account) return { problem: 'detail.accountId must be the event’s own account' };
    const { accessKeyDetails: key, instanceDetails, ecsClusterDetails, lambdaDetails } = resource;
    const task = ecsClusterDetails?.taskDetails?.arn;
    const ofFunction = lambdaDetails?.role ?? lambdaDetails?.functionArn;
    for (const [member, named] of [
      ['detail.resource.ecsClusterDetails.taskDetails.arn', task],
      ['detail.resource.lambdaDetails', ofFunction],
    ] as const) {
      const problem = named === undefined ? undefined : accountProblem(named, event.account, member);
      if (problem) return problem;
    }
    const instance =
      instanceDetails && `arn:aws:ec2:${event.region}:${event.account}:instance/${instanceDetails.instanceId}`;
    const about = [credentialsOf({ type: key?.userType, name: key?.userName }, event), instance, task, ofFunction];
    return revocationsOf(about, `GuardDuty finding ${id}`);
  },
  example: {
    version: '0',
    id: 'cd2d702e-ab31-411b-9344-793ce56b1bc7',
    'detail-type': 'GuardDuty Finding',
    source: 'aws.guardduty',
    account: '111122223333',
    time: '2026-11-22T12:00:00Z',
    region: 'us-east-1',
    resources: [],
    detail: {
      schemaVersion: '2.0',
      accountId: '111122223333',
      region: 'us-east-1',
      partition: 'aws',
      id: '16afba5c5c43e07c9e3e5e2e544e95df',
      arn: 'arn:aws:guardduty:us-east-1:111122223333:detector/123456789012/finding/16afba5c5c43e07c9e3e5e2e544e95df',
      type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
      resource: {
        resourceType: 'AccessKey',
        accessKeyDetails: {
          accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
          principalId: 'AROACKCEVSQ6C2EXAMPLE:i-0abcd1111efab2222',
          userType: 'AssumedRole',
          userName: 'orders-service',
        },
        instanceDetails: { instanceId: 'i-0abcd1111efab2222', instanceType: 'm7g.large', instanceState: 'running' },
      },
      service: { serviceName: 'guardduty', detectorId: '123456789012', archived: false, count: 1 },
      severity: 8,
      createdAt: '2026-11-22T11:55:00.000Z',
      updatedAt: '2026-11-22T11:55:00.000Z',
      title: 'Credentials for the EC2 instance role orders-service were used from an external IP address.',
    },
  },
});
