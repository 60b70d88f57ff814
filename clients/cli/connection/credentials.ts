import { findCredentials, NoCredentials, NoSuchProfile } from '@tvm/api/credential-provider.ts';
import type { Credentials } from '@tvm/api/signature.ts';
import { Failure, usageFailure } from '@tvm/terminal/failure.ts';
import { exitCodes } from './failure.ts';

/**
 * Resolves the caller's credentials as the AWS CLI does: keys in the environment take precedence over `AWS_PROFILE`, and a
 * profile on the command line takes precedence over both.
 *
 * @throws {Failure} with the reason if there are none
 */
export async function resolveCredentials(
  profile: string | undefined,
  region: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  try {
    return await findCredentials(profile, region, env);
  } catch (error) {
    if (error instanceof NoSuchProfile) throw usageFailure(error.message, '--profile');
    if (error instanceof NoCredentials) throw noCredentials(error);
    throw error;
  }
}

function noCredentials({ message, reason }: NoCredentials): Failure {
  const hint = reason === undefined ? '; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile' : '';
  return new Failure(message + hint, { code: 'no_credentials', exitCode: exitCodes.usage });
}
