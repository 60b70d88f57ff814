const API_HOST = /\.execute-api\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$/;

/**
 * Returns the AWS region of the service if none is given: from the host name, the environment or the profile.
 *
 * The region in the host name takes precedence, because API Gateway accepts only signatures for its own region.
 *
 * @param host the service's host name, if it is known
 * @returns `undefined` if no source names a region
 */
export async function findRegion(
  host: string | undefined,
  profile: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string | undefined> {
  return API_HOST.exec(host ?? '')?.[1] || env.AWS_REGION || env.AWS_DEFAULT_REGION || (await profileRegion(profile));
}

/** Reports whether a text has the format of an AWS region name, such as `eu-central-1`. */
export function isRegionName(text: string): boolean {
  return /^[a-z0-9-]{1,64}$/.test(text);
}

async function profileRegion(profile: string | undefined): Promise<string | undefined> {
  const { loadConfig } = await import('@smithy/core/config');
  const region = loadConfig<string>(
    {
      environmentVariableSelector: () => undefined,
      configFileSelector: (section) => section.region,
      default: '',
    },
    profile === undefined ? {} : { profile },
  );
  return (await region()) || undefined;
}
