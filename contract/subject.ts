import * as z from 'zod';
import { name } from './text.ts';

const ASSUMED_ROLE = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
const ROLE = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;
const USER = /^arn:(aws[a-z-]*):iam::(\d{12}):user\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;

/** The parts of a workload's ARN. */
export interface WorkloadArn {
  /** The workload's ARN in tokens, records and policies: that of its role or user, without path and session. */
  subject: string;
  account: string;
  kind: 'role' | 'user';
  /** The name of the role or user, without a path. */
  name: string;
  /** The name of the role session. Only the ARN of a session has it. */
  session?: string;
}

/**
 * Parses the ARN of an IAM role, a role session or an IAM user.
 *
 * The console shows roles and users with their paths, and logs show role sessions. Names are unique in an account without
 * path and session, so the subject has neither. CloudTrail and GuardDuty name users without a path, too.
 *
 * @returns `undefined` if the ARN is neither that of an IAM role nor that of an IAM user
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

/** An IAM principal in the configuration: its ARN without path and session. */
export const principal = z.string({ error: 'must be an ARN' }).refine((arn) => parseWorkloadArn(arn)?.subject === arn, {
  error: 'must be the ARN of an IAM role or user, without its path',
});

/** A workload, named by any ARN of its role, role session or user. Parsed to the ARN without path and session. */
export const subject = name
  .transform((arn, context) => {
    const workload = parseWorkloadArn(arn);
    if (workload === undefined) context.addIssue({ code: 'custom', message: 'must be the ARN of an IAM role or user' });
    return workload?.subject ?? z.NEVER;
  })
  .meta({ description: 'The workload: the ARN of its IAM role or user (path and session are dropped).' });
