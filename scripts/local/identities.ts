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

/** The identities in the demonstration, each with the stack's IAM policy for its kind of caller. */
export interface Identities {
  /** `orders-service`: requests tokens. */
  workload: Credentials;
  /** `ci-job`: publishes releases, and is the identity to try new policies with. */
  ciJob: Credentials;
  /** `orders-db`: introspects tokens and reads revocations. */
  resourceServer: Credentials;
  /** `security-operator`: revokes tokens. */
  operator: Credentials;
}

/**
 * Creates the IAM users with their policies and access keys, unless they exist.
 *
 * @param known credentials of an earlier run. Credentials that still belong to their user stay valid, so that a shell
 * that uses them continues to work.
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
  // A user has at most two access keys, and the secret of an old key cannot be read again.
  for (const { AccessKeyId } of keys) await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  if (!AccessKey?.AccessKeyId || !AccessKey.SecretAccessKey)
    throw new Error(`IAM created no access key for ${UserName}.`);
  return { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
}
