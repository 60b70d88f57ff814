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

const ASSUMED_ROLE = /^arn:(aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]+)\/([\w+=,.@-]+)$/;
const USER = /^arn:aws[a-z-]*:iam::(\d{12}):user\/(?:[\x21-\x7e]+\/)?([\w+=,.@-]+)$/;

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
  const role = ASSUMED_ROLE.exec(userArn);
  if (role !== null) {
    const [, partition, account = '', name = '', session = ''] = role;
    return { subject: `arn:${partition}:iam::${account}:role/${name}`, account, kind: 'role', name, session };
  }
  const user = USER.exec(userArn);
  if (user !== null) {
    const [, account = '', name = ''] = user;
    return { subject: userArn, account, kind: 'user', name };
  }
  return undefined;
}
