import * as z from 'zod';
import { name } from './text.ts';

const ASSUMED_ROLE = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
const ROLE = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;
const USER = /^arn:(aws[a-z-]*):iam::(\d{12}):user\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;

/** What an ARN says of a workload. */
export interface WorkloadArn {
  /** The one ARN that it has in tokens, records and policies: of its role or user without path and session. */
  subject: string;
  account: string;
  kind: 'role' | 'user';
  /** The role's or user's name, without a path. */
  name: string;
  /** The role session's name, in the ARN of a session. */
  session?: string;
}

/**
 * Reads the ARN of a role, of a session of it, or of a user.
 *
 * The console shows roles and users with their paths, logs show a session of a role; their names are unique in an account
 * without either. So a user is known by its name too, which is all that CloudTrail and GuardDuty tell of it.
 *
 * @returns `undefined` for what is neither an IAM role nor a user
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
export function parseWorkloadArn(arn: string): WorkloadArn | undefined {
  const role = ASSUMED_ROLE.exec(arn) ?? ROLE.exec(arn);
  if (role !== null) {
    const [, partition, account = '', name = '', session] = role;
    const subject = `arn:${partition}:iam::${account}:role/${name}`;
    return { subject, account, kind: 'role', name, ...(session !== undefined && { session }) };
  }
  const user = USER.exec(arn);
  if (user !== null) {
    const [, partition, account = '', name = ''] = user;
    return { subject: `arn:${partition}:iam::${account}:user/${name}`, account, kind: 'user', name };
  }
  return undefined;
}

/** An IAM principal, as it is known by in configuration: its one ARN. */
export const principal = z.string({ error: 'must be an ARN' }).refine((arn) => parseWorkloadArn(arn)?.subject === arn, {
  error: 'must be the ARN of an IAM role or user, without its path',
});

/** A workload, named by any ARN of its role, a session of it, or its user; read as its one ARN. */
export const subject = name
  .transform((arn, context) => {
    const workload = parseWorkloadArn(arn);
    if (workload === undefined) context.addIssue({ code: 'custom', message: 'must be the ARN of an IAM role or user' });
    return workload?.subject ?? z.NEVER;
  })
  .meta({ description: 'The workload: the ARN of its IAM role or user (path and session are dropped).' });
