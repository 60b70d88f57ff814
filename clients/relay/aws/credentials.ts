import { type FoundCredentials, findCredentials, NoCredentials, NoSuchProfile } from '@tvm/api/credential-provider.ts';
import type { Credentials } from '@tvm/api/signature.ts';
import { printableMessage } from '@tvm/terminal/printable.ts';
import { SourceFailure } from '../model/source.ts';

export type { Credentials } from '@tvm/api/signature.ts';

/** How long before expiry credentials are refreshed, in milliseconds, as in the AWS SDKs. */
const MARGIN = 300_000;

/** The AWS identity that signs. */
export interface AwsIdentity {
  /** The only profile to use. If absent, the whole chain is used. */
  profile?: string | undefined;
  /** The region for credential requests, such as assuming a role. */
  region?: string | undefined;
}

/**
 * Provides credentials from the AWS credential chain, as the AWS CLI finds them: keys in the environment, then `AWS_PROFILE`,
 * web identity, containers and the instance. If a profile is named, only that profile is used.
 *
 * Credentials that expire are cached until shortly before. Other credentials are looked up each time, because they may be
 * replaced.
 *
 * @returns a function that throws {SourceFailure} if there are no credentials
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
    // Many tokens start at once. They share one assumed role or one run of the credential command.
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
  // The message of another program may contain its input.
  return new SourceFailure(known ? printableMessage(error.message) : 'no AWS credentials: the AWS SDK failed');
}
