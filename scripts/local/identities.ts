import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
} from '@aws-sdk/client-iam';
import type { Credentials } from '@tvm/api/signature.ts';
import type { StackOutputs } from '../emulators/bridges.ts';
import type { Target } from '../emulators/target.ts';

/** Who appears in the demonstration, each with the policy the stack made for its kind of caller. */
export interface Identities {
  /** `orders-service`: asks for tokens. */
  workload: Credentials;
  /** `ci-job`: publishes releases, and is the one to try new policies with. */
  ciJob: Credentials;
  /** `orders-db`: asks whether tokens are still good, and what was revoked. */
  resourceServer: Credentials;
  /** `security-operator`: takes tokens back. */
  operator: Credentials;
}

/**
 * Makes the IAM users with their policies and access keys, or finds them made.
 *
 * @param known credentials of an earlier run; those that still belong to their user stay as they are, so that a
 *   shell that uses them goes on working
 */
export async function createIdentities(
  target: Target,
  outputs: StackOutputs,
  known: Partial<Identities> = {},
): Promise<Identities> {
  const iam = new IAMClient(target);
  const [workload, ciJob, resourceServer, operator] = await Promise.all([
    identity(iam, 'orders-service', [outputs.WorkloadPolicyArn], known.workload),
    identity(iam, 'ci-job', [outputs.WorkloadPolicyArn], known.ciJob),
    identity(
      iam,
      'orders-db',
      [outputs.ResourceServerPolicyArn, outputs.SecurityEventReceiverPolicyArn],
      known.resourceServer,
    ),
    identity(iam, 'security-operator', [outputs.OperatorPolicyArn], known.operator),
  ]);
  return { workload, ciJob, resourceServer, operator };
}

async function identity(
  iam: IAMClient,
  UserName: string,
  policies: readonly string[],
  known?: Credentials,
): Promise<Credentials> {
  await iam.send(new CreateUserCommand({ UserName })).catch((error: Error) => {
    if (error.name !== 'EntityAlreadyExistsException') throw error;
  });
  for (const PolicyArn of policies) await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
  const { AccessKeyMetadata: keys = [] } = await iam.send(new ListAccessKeysCommand({ UserName }));
  if (known && keys.some(({ AccessKeyId }) => AccessKeyId === known.accessKeyId)) return known;
  // A user has two access keys at most, and the secret of an old one cannot be read again.
  for (const { AccessKeyId } of keys) await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  if (!AccessKey?.AccessKeyId || !AccessKey.SecretAccessKey) throw new Error(`IAM made no access key for ${UserName}.`);
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}
