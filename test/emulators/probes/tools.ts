import { randomUUID } from 'node:crypto';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import type { Credentials } from '@tvm/api/signature.ts';
import { AwsClient } from 'aws4fetch';
import type { Target } from '#scripts/emulators/target.ts';
import type { Deployed } from '../../deployed.ts';

/** Where a probe runs: an emulator and its deployment. */
export type At = Pick<Deployed, 'target' | 'outputs' | 'identities'>;

/** Makes real calls and returns the result in a word or a few. */
export type Probe = (at: At) => Promise<string>;

/** A statement of an AWS policy. */
export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string;
  Condition?: object;
}

/** Returns a unique name. */
export const fresh = () => `probe-${randomUUID()}`;

/** Returns a policy document. */
export const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** @returns whether AWS rejected the call. Throws any other error. */
export async function outcome(call: Promise<unknown>): Promise<'refused' | 'let through'> {
  try {
    await call;
    return 'let through';
  } catch (error) {
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? 0;
    if (status >= 400 && status < 500) return 'refused';
    throw error;
  }
}

/** Returns client settings with other credentials than the deployer's. */
export const as = (target: Target, credentials: Credentials) => ({ ...target, credentials, maxAttempts: 1 });

/** Creates an IAM user with only these statements. */
export async function user({ target }: At, ...statements: Statement[]): Promise<Credentials> {
  const iam = new IAMClient(target);
  const UserName = fresh();
  await iam.send(new CreateUserCommand({ UserName }));
  if (statements.length > 0) {
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'probe', PolicyDocument: policy(...statements) }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
}

/** Returns a session of a new role with only these statements. */
export async function session(
  { target }: At,
  statements: Statement[],
  options: Partial<AssumeRoleCommandInput> = {},
): Promise<Credentials> {
  const iam = new IAMClient(target);
  const sts = new STSClient(target);
  const RoleName = fresh();
  const { Account } = await sts.send(new GetCallerIdentityCommand({}));
  const trust = { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${Account}:root` }, Action: 'sts:AssumeRole' };
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trust) }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'probe', PolicyDocument: policy(...statements) }));
  const { Credentials: given } = await sts.send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'probe', ...options }),
  );
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
}

/** Calls CloudFormation through its query API, with the deployer's credentials. @returns the response's XML */
export async function cloudFormation({ target }: At, parameters: Record<string, string>): Promise<string> {
  const client = new AwsClient({ ...target.credentials, region: target.region, service: 'cloudformation', retries: 0 });
  const body = new URLSearchParams({ Version: '2010-05-15', ...parameters });
  const response = await client.fetch(target.endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  });
  if (response.status >= 500) throw new Error(`CloudFormation returned ${response.status}`);
  return response.text();
}
