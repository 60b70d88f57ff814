import type { Credentials } from './signature.ts';

/** The time limit for a credential source, in milliseconds. SSO and a `credential_process` make requests of their own. */
const TIMEOUT = 30_000;

/** Credentials, with their expiration if they have one. */
export interface FoundCredentials extends Credentials {
  expiration?: Date;
}

/** The named profile is in no AWS configuration file. */
export class NoSuchProfile extends Error {
  override readonly name = 'NoSuchProfile';

  constructor(profile: string) {
    super(`${JSON.stringify(profile)} is not a profile in your AWS configuration files`);
  }
}

/** No source gave credentials. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
  /** The reason, in one line. Absent if no source is configured. */
  readonly reason: string | undefined;

  constructor(reason: string | undefined) {
    super(`no AWS credentials${reason === undefined ? ' were found' : `: ${reason}`}`);
    this.reason = reason;
  }
}

/**
 * Resolves credentials as the AWS CLI does: keys in the environment take precedence over `AWS_PROFILE`, and a named profile
 * takes precedence over both. Loads the AWS SDK only if the keys are not in the environment.
 *
 * @param region the region for credential requests, such as assuming a role
 * @throws {NoSuchProfile}
 * @throws {NoCredentials}
 */
export async function findCredentials(
  profile: string | undefined,
  region: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<FoundCredentials> {
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
    throw new NoCredentials(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

// If a profile fails, the default chain continues and might use another identity, such as the instance's. A named profile is
// therefore the only source.
async function credentialProvider(
  profile: string | undefined,
  region: string | undefined,
): Promise<() => Promise<FoundCredentials>> {
  // Reads the files each time: a process that runs for weeks must see keys that were replaced.
  const shared = { ignoreCache: true, ...(region !== undefined && { clientConfig: { region } }) };
  if (profile === undefined) {
    const { defaultProvider } = await import('@aws-sdk/credential-provider-node');
    return defaultProvider(shared);
  }
  const { loadSharedConfigFiles } = await import('@smithy/core/config');
  const { configFile, credentialsFile } = await loadSharedConfigFiles({ ignoreCache: true });
  if (!(profile in configFile || profile in credentialsFile)) throw new NoSuchProfile(profile);
  const { fromIni } = await import('@aws-sdk/credential-provider-ini');
  return fromIni({ profile, ...shared });
}

function reasonOf(error: unknown): string | undefined {
  const [line = ''] = (error instanceof Error ? error.message : '').split('\n');
  if (line === '' || line.startsWith('Could not load credentials from any providers')) return undefined;
  // The command of a failed credential_process and its output may contain secrets.
  if (line.startsWith('Command failed')) return 'the credential_process of the profile failed';
  return line.replace(/\.$/, '');
}
