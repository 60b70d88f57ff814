import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Credentials } from '@tvm/api/signature.ts';
import type { Target } from '../emulators/target.ts';

/**
 * Creates an IAM role for workloads, unless it exists.
 *
 * @param PolicyArn the stack's managed policy for workloads
 * @returns a function from a session name to the credentials of that session, as AWS gives them to a task, an instance
 * or a function
 */
export async function workloadRole(
  target: Target,
  PolicyArn: string,
  RoleName: string,
): Promise<(session: string) => Promise<Credentials>> {
  const [iam, sts] = [new IAMClient(target), new STSClient(target)];
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${Account}:root` }, Action: 'sts:AssumeRole' };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument })).catch((error: Error) => {
    if (error.name !== 'EntityAlreadyExistsException') throw error;
  });
  await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  return async (RoleSessionName) => {
    const RoleArn = `arn:aws:iam::${Account}:role/${RoleName}`;
    const { Credentials: given } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName }));
    if (!given?.AccessKeyId || !given.SecretAccessKey || !given.SessionToken)
      throw new Error('AWS STS returned no session credentials');
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = given;
    return { accessKeyId, secretAccessKey, sessionToken };
  };
}
