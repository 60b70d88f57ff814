import * as z from 'zod';
import { credentialsOf, isNamed, revocationsOf, type SeveritySettings } from './finding.ts';
import { accountProblem } from './resource.ts';
import { trigger } from './trigger.ts';

const text = z.string({ error: 'must be text' }).max(2048, { error: 'must have at most 2048 characters' });

const key = z
  .object({ PrincipalType: text.optional(), PrincipalName: text.optional() })
  .refine(({ PrincipalType: type, PrincipalName: name }) => isNamed({ type, name }), {
    path: ['PrincipalName'],
    error: 'must be the name of a role or user',
  });

const resource = z.object({
  Type: text,
  Id: text,
  Details: z.object({ AwsIamAccessKey: key.optional() }).optional(),
});

const finding = z.object({
  Id: text,
  AwsAccountId: z.string({ error: 'must be an account' }),
  Severity: z.object({ Normalized: z.number({ error: 'must be a number' }) }, { error: 'must be a severity' }),
  RecordState: text.optional(),
  Workflow: z.object({ Status: text.optional() }).optional(),
  Resources: z
    .array(resource, { error: 'must be an array of resources' })
    .max(32, { error: 'must have at most 32 resources' }),
});

/** The resource types whose `Id` is an ARN from which tokens can be selected. */
const BY_ARN = ['AwsIamRole', 'AwsIamUser', 'AwsEc2Instance', 'AwsLambdaFunction', 'AwsEcsTask'];

/**
 * Revokes tokens for an active and new Security Hub finding at or above a severity: those of the roles, users and
 * access keys among its resources, and of the sessions of instances, functions and tasks.
 *
 * @see https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-event-formats.html
 * @see https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html
 */
export const securityHubFinding = trigger({
  pattern: ({ severity }: SeveritySettings) => ({
    source: ['aws.securityhub'],
    'detail-type': ['Security Hub Findings - Imported'],
    detail: {
      findings: {
        Severity: { Normalized: [{ numeric: ['>=', severity] }] },
        RecordState: ['ACTIVE'],
        Workflow: { Status: ['NEW'] },
      },
    },
  }),
  detail: z.object({
    findings: z
      .array(finding, { error: 'must be an array of findings' })
      .max(10, { error: 'must have at most 10 findings' }),
  }),
  revokes(event, settings) {
    const { account } = event;
    const open = event.detail.findings.filter(
      ({ Severity, RecordState, Workflow }) =>
        Severity.Normalized >= settings.severity && RecordState === 'ACTIVE' && Workflow?.Status === 'NEW',
    );
    if (open.some(({ AwsAccountId }) => AwsAccountId !== account)) {
      return { problem: 'detail.findings.AwsAccountId must be the event’s own account' };
    }
    const resources = open.flatMap(({ Resources }) => Resources);
    const named = resources.filter(({ Type }) => BY_ARN.includes(Type)).map(({ Id }) => Id);
    for (const resource of named) {
      const problem = accountProblem(resource, account, 'detail.findings.Resources.Id');
      if (problem) return problem;
    }
    const owners = resources.map(({ Details }) => {
      const key = Details?.AwsIamAccessKey;
      return credentialsOf({ type: key?.PrincipalType, name: key?.PrincipalName }, event);
    });
    return revocationsOf([...named, ...owners], 'Security Hub finding');
  },
  example: {
    version: '0',
    id: '5c6f9b6a-6d3b-4d0e-9d7f-2f8c1b7f2a11',
    'detail-type': 'Security Hub Findings - Imported',
    source: 'aws.securityhub',
    account: '111122223333',
    time: '2026-11-22T21:52:17Z',
    region: 'us-west-2',
    resources: [
      'arn:aws:securityhub:us-west-2::product/aws/guardduty/arn:aws:guardduty:us-west-2:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0/finding/f2893b211841',
    ],
    detail: {
      findings: [
        {
          SchemaVersion: '2018-10-08',
          Id: 'arn:aws:guardduty:us-west-2:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0/finding/f2893b211841',
          ProductArn: 'arn:aws:securityhub:us-west-2::product/aws/guardduty',
          GeneratorId: 'arn:aws:guardduty:us-west-2:111122223333:detector/12abc34d567e8fa901bc2d34e56789f0',
          AwsAccountId: '111122223333',
          Types: ['TTPs/UnauthorizedAccess:IAMUser-InstanceCredentialExfiltration.OutsideAWS'],
          CreatedAt: '2026-11-22T21:47:27.381Z',
          UpdatedAt: '2026-11-22T21:50:41.381Z',
          Severity: { Product: 8, Label: 'HIGH', Normalized: 80 },
          Title: 'Credentials for the EC2 instance role orders-service were used from an external IP address.',
          Description: 'Credentials created exclusively for an EC2 instance were used from an external IP address.',
          Resources: [
            {
              Type: 'AwsIamAccessKey',
              Id: 'AWS::IAM::AccessKey:ASIAIOSFODNN7EXAMPLE',
              Partition: 'aws',
              Region: 'us-west-2',
              Details: {
                AwsIamAccessKey: {
                  PrincipalId: 'AROACKCEVSQ6C2EXAMPLE:i-0abcd1111efab2222',
                  PrincipalType: 'AssumedRole',
                  PrincipalName: 'orders-service',
                },
              },
            },
            {
              Type: 'AwsEc2Instance',
              Id: 'arn:aws:ec2:us-west-2:111122223333:instance/i-0abcd1111efab2222',
              Partition: 'aws',
              Region: 'us-west-2',
            },
          ],
          WorkflowState: 'NEW',
          Workflow: { Status: 'NEW' },
          RecordState: 'ACTIVE',
        },
      ],
    },
  },
});
