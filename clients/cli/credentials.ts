import type { Credentials } from '../signed-fetch.ts';
import { exitCodes, Failure, usageFailure } from './failure.ts';

/** How long a credential source may take, in milliseconds: SSO and a `credential_process` ask elsewhere. */
const TIMEOUT = 30_000;

/**
 * Finds the identity that asks, where the AWS CLI finds it: keys in the environment win over `AWS_PROFILE`, and a
 * profile named on the command line wins over both.
 *
 * @throws {Failure} saying why there is none
 */
export async function resolveCredentials(
  profile: string | undefined,
  region: string,
  env: NodeJS.ProcessEnv,
): Promise<Credentials> {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (profile === undefined && accessKeyId && secretAccessKey) {
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) };
  }
  const provide = await credentialProvider(profile ?? (env.AWS_PROFILE || undefined), region);
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`none came within ${TIMEOUT / 1000} s`)), TIMEOUT);
  try {
    return await Promise.race([provide(), late]);
  } catch (error) {
    throw noCredentials(error);
  } finally {
    clearTimeout(timer);
  }
}

// The default chain goes on when a profile fails, and might sign as somebody else: the instance, say. A profile that
// was named is the only one asked.
async function credentialProvider(profile: string | undefined, region: string): Promise<() => Promise<Credentials>> {
  const clientConfig = { region };
  if (profile === undefined) {
    const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
    return defaultProvider({ clientConfig });
  }
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  if (!(profile in configFile || profile in credentialsFile)) {
    throw usageFailure(`${JSON.stringify(profile)} is not a profile in your AWS configuration files`, '--profile');
  }
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni({ profile, clientConfig });
}

function noCredentials(error: unknown): Failure {
  return new Failure(`no AWS credentials${reasonOf(error)}`, { code: 'no_credentials', exitCode: exitCodes.usage });
}

function reasonOf(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : '').split('\n');
  if (line === '' || line.startsWith('Could not load credentials from any providers')) {
    return ' were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile';
  }
  // The command of a failed credential_process, and what it printed, may hold secrets.
  if (line.startsWith('Command failed')) return ': the credential_process of the profile failed';
  return `: ${line.replace(/\.$/, '')}`;
}
