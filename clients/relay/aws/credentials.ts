import { type FoundCredentials, findCredentials, NoCredentials, NoSuchProfile } from '@tvm/api/credential-provider.ts';
import type { Credentials } from '@tvm/api/signature.ts';
import { printableMessage } from '@tvm/terminal/printable.ts';
import { SourceFailure } from '../model/source.ts';

export type { Credentials } from '@tvm/api/signature.ts';

/** Before credentials end by so much, in milliseconds, others are asked for, as the AWS SDKs do. */
const MARGIN = 300_000;

/** Which identity of AWS asks. */
export interface AwsIdentity {
  /** The only profile that is asked; absent: the whole chain. */
  profile?: string | undefined;
  /** Where AWS is asked for credentials, of a role to assume say. */
  region?: string | undefined;
}

/**
 * Provides credentials by the AWS credential chain, as the AWS CLI finds them: keys in the environment, then
 * `AWS_PROFILE`, web identity, containers, the instance. A named profile alone is asked where there is one.
 *
 * Those that end are kept until shortly before. Those that do not are looked up each time: somebody may replace them.
 *
 * @returns throws {SourceFailure} where there are none
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
export function awsCredentials(
  { profile, region }: AwsIdentity,
  env: NodeJS.ProcessEnv = process.env,
  now: () => number = Date.now,
): () => Promise<Credentials> {
  let kept: FoundCredentials | undefined;
  let asking: Promise<FoundCredentials> | undefined;

  const lastsFor = (milliseconds: number) => {
    const end = kept?.expiration?.getTime();
    return end !== undefined && end - now() > milliseconds;
  };

  return async () => {
    if (kept !== undefined && lastsFor(MARGIN)) return kept;
    // Many tokens start at once: a role is assumed, or a command run, once for all of them.
    asking ??= findCredentials(profile, region, env).finally(() => {
      asking = undefined;
    });
    try {
      kept = await asking;
    } catch (error) {
      if (kept === undefined || !lastsFor(0)) throw failure(error);
    }
    return kept;
  };
}

function failure(error: unknown): SourceFailure {
  const known = error instanceof NoCredentials || error instanceof NoSuchProfile;
  // What another program says of its failure may hold what it was given.
  return new SourceFailure(known ? printableMessage(error.message) : 'no AWS credentials: the AWS SDK failed');
}
