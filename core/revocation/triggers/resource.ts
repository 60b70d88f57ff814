import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import * as z from 'zod';
import { sessionName } from './trigger.ts';

const ARN = /^arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}):([\x21-\x7e]+)$/;

/** The ARN of a resource in an account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export const arn = z
  .string({ error: 'must be an ARN' })
  .max(2048, { error: 'must have at most 2048 characters' })
  .regex(ARN, { error: 'must be the ARN of a resource in an account' });

/**
 * Returns a problem if a resource is not in the account of the event, which must not revoke tokens of other accounts.
 */
export function accountProblem(resource: string, account: string, member: string): { problem: string } | undefined {
  return ARN.exec(resource)?.[4] === account ? undefined : { problem: `${member} must be of the event’s own account` };
}

/**
 * Returns the selector of the tokens of an AWS resource. For a role or user, it selects all tokens. For an ECS task, an
 * EC2 instance or a Lambda function, it selects the tokens of the role session that AWS names after the resource.
 *
 * The session name is the task ID on ECS, the instance ID on EC2 and the function name on Lambda. AWS documents the
 * name on EC2 (below, `role-id:ec2-instance-id`). The others are the names that `sts:GetCallerIdentity` returns there.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 * @param resource an ARN
 * @returns `undefined` if the ARN names no workload
 */
export function tokensOf(resource: string): RevocationSelector | undefined {
  const subject = parseWorkloadArn(resource)?.subject;
  if (subject !== undefined) return { subject };
  const [, , service, , , rest = ''] = ARN.exec(resource) ?? [];
  const session = SESSION_OF.get(service ?? '')?.exec(rest)?.[1];
  return sessionName.safeParse(session).success && session !== undefined ? { workload: session } : undefined;
}

/** The pattern of the session name in the last part of an ARN, by service. A qualified function ARN does not match. */
const SESSION_OF = new Map([
  ['ecs', /^task\/(?:[^/]+\/)?([^/]+)$/],
  ['ec2', /^instance\/([^/]+)$/],
  ['lambda', /^function:([^:]+)$/],
]);

/** Returns the ARN of a role or user as it appears in tokens. The partition comes from the region of the event. */
export function iamArn(kind: 'role' | 'user', name: string, { account, region }: { account: string; region: string }) {
  return `arn:${partitionOf(region)}:iam::${account}:${kind}/${name}`;
}

/** https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
