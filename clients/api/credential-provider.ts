import type { Credentials } from './signature.ts';

/** How long a credential source may take, in milliseconds: SSO and a `credential_process` ask elsewhere. */
const TIMEOUT = 30_000;

/** Credentials, and when they end where they do. */
export interface FoundCredentials extends Credentials {
  expiration?: Date;
}

/** A profile was named that no AWS configuration file has. */
export class NoSuchProfile extends Error {
  override readonly name = 'NoSuchProfile';

  constructor(profile: string) {
    super(`${JSON.stringify(profile)} is not a profile in your AWS configuration files`);
  }
}

/** Nobody gave credentials. */
export class NoCredentials extends Error {
  override readonly name = 'NoCredentials';
  /** Why, in one line; absent where nothing is configured that could give any. */
  readonly reason: string | undefined;

  constructor(reason: string | undefined) {
    super(`no AWS credentials${reason === undefined ? ' were found' : `: ${reason}`}`);
    this.reason = reason;
  }
}

/**
 * Finds the identity that asks, where the AWS CLI finds it: keys in the environment win over `AWS_PROFILE`, and a
 * profile that is named here wins over both. The AWS SDK is loaded only where the keys are not in the environment.
 *
 * @param region where AWS is asked for credentials, of a role to assume say
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

// The default chain goes on when a profile fails, and might sign as somebody else: the instance, say. A profile that
// was named is the only one asked.
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
  // The command of a failed credential_process, and what it printed, may hold secrets.
  if (line.startsWith('Command failed')) return 'the credential_process of the profile failed';
  return line.replace(/\.$/, '');
}
