import { canonicalSubject } from '../contract/subject.ts';

/** Who asks: an IAM role or user, as AWS authenticated it. */
export interface Caller {
  /** The role's or user's ARN without the session: the token's `sub`. */
  subject: string;
  account: string;
  kind: 'role' | 'user';
  /** The role's or user's name, without a path. */
  name: string;
  /** The role session's name. The caller chose it: never a ground for a decision that widens. */
  session?: string;
}

const ASSUMED_ROLE = /^arn:[^:]+:sts::(\d{12}):assumed-role\/([^/]+)\/([^/]+)$/;
const USER = /^arn:[^:]+:iam::(\d{12}):user\/(?:.+\/)?([^/]+)$/;

/**
 * Reads the identity that API Gateway authenticated (`requestContext.identity.userArn`).
 *
 * An assumed role's ARN there has lost the role's path; role names are unique in an account regardless of it.
 *
 * @returns the caller; `undefined` for identities the machine does not serve: the root user and federated users,
 *   whose name is the caller's own choice
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
export function parseCaller(userArn: string): Caller | undefined {
  const subject = canonicalSubject(userArn);
  if (subject === undefined) return undefined;
  const role = ASSUMED_ROLE.exec(userArn);
  if (role !== null) {
    const [, account = '', name = '', session = ''] = role;
    return { subject, account, kind: 'role', name, session };
  }
  const user = USER.exec(userArn);
  if (user !== null) {
    const [, account = '', name = ''] = user;
    return { subject, account, kind: 'user', name };
  }
  return undefined;
}
