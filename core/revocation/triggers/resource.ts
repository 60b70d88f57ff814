import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import * as z from 'zod';
import { sessionName } from './trigger.ts';

const ARN = /^arn:(aws[a-z-]*):([a-z0-9-]+):([a-z0-9-]*):(\d{12}):([\x21-\x7e]+)$/;

/** The ARN of something in an account: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html */
export const arn = z
  .string({ error: 'must be an ARN' })
  .max(2048, { error: 'must have at most 2048 characters' })
  .regex(ARN, { error: 'must be the ARN of something in an account' });

/** Refuses what lies in another account than the event's: nobody speaks for the workloads of others. */
export function foreign(resource: string, account: string, member: string): { problem: string } | undefined {
  return ARN.exec(resource)?.[4] === account ? undefined : { problem: `${member} must be of the event’s own account` };
}

/**
 * The tokens of what runs as, or is, a resource: of a role or user, all; of an ECS task, an EC2 instance and a Lambda
 * function, those vended to the role session that AWS names after it.
 *
 * ECS names the session by the task's id, EC2 by the instance's, Lambda by the function's name. AWS documents EC2's (below,
 * `role-id:ec2-instance-id`); the others are what `sts:GetCallerIdentity` answers there.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 * @param resource an ARN
 * @returns `undefined` where no workload is named
 */
export function tokensOf(resource: string): RevocationSelector | undefined {
  const subject = parseWorkloadArn(resource)?.subject;
  if (subject !== undefined) return { subject };
  const [, , service, , , rest = ''] = ARN.exec(resource) ?? [];
  const session = SESSION_OF.get(service ?? '')?.exec(rest)?.[1];
  return sessionName.safeParse(session).success && session !== undefined ? { workload: session } : undefined;
}

/** Where in an ARN's last part the name of the session is, by service. A function's version is not the function. */
const SESSION_OF = new Map([
  ['ecs', /^task\/(?:[^/]+\/)?([^/]+)$/],
  ['ec2', /^instance\/([^/]+)$/],
  ['lambda', /^function:([^:]+)$/],
]);

/** The ARN of a role or user, as tokens name it. @param region where the event is from: it tells the partition */
export function iamArn(kind: 'role' | 'user', name: string, { account, region }: { account: string; region: string }) {
  return `arn:${partitionOf(region)}:iam::${account}:${kind}/${name}`;
}

/** https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html */
function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}
