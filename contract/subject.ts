import * as z from 'zod';
import { name } from './text.ts';

const ASSUMED_ROLE = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/[\w+=,.@-]+$/;
const ROLE = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;
const USER = /^arn:aws[a-z-]*:iam::\d{12}:user\/(?:[\x21-\x7e]+\/)?[\w+=,.@-]+$/;

/**
 * The one ARN that a workload has in tokens, records and policies: of its role without path and session, or of its user.
 *
 * The console shows a role with its path, logs show a session of it; role names are unique in an account without either.
 *
 * @returns `undefined` for what is neither an IAM role nor a user
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
export function canonicalSubject(arn: string): string | undefined {
  const role = ASSUMED_ROLE.exec(arn) ?? ROLE.exec(arn);
  if (role !== null) return `arn:${role[1]}:iam::${role[2]}:role/${role[3]}`;
  return USER.test(arn) ? arn : undefined;
}

/** A workload, named by any ARN of its role, a session of it, or its user; read as its one ARN. */
export const subject = name
  .transform((arn, context) => {
    const canonical = canonicalSubject(arn);
    if (canonical === undefined)
      context.addIssue({ code: 'custom', message: 'must be the ARN of an IAM role or user' });
    return canonical ?? z.NEVER;
  })
  .meta({ description: 'The workload: the ARN of its IAM role (path and session are dropped) or user.' });
