import { isLoopback } from '@tvm/api/loopback.ts';
import { findRegion, isRegionName } from '@tvm/api/region.ts';
import type { Credentials } from '@tvm/api/signature.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { resolveCredentials } from './credentials.ts';

/** The options for the endpoint and the AWS identity of the caller. */
export interface ConnectionOptions {
  endpoint?: string;
  region?: string;
  profile?: string;
}

/** The endpoint of the service and the AWS identity of the caller. */
export interface Settings {
  endpoint: URL;
  region: string;
  credentials: Credentials;
}

/**
 * Resolves endpoint, region and credentials from the command line, the environment and the AWS configuration files.
 *
 * @throws {Failure} if a setting is missing or invalid; the message names the option or variable
 */
export async function resolveSettings(options: ConnectionOptions, env = process.env): Promise<Settings> {
  const endpoint = resolveEndpoint(options, env);
  const region = await resolveRegion(options, endpoint, env);
  return { endpoint, region, credentials: await resolveCredentials(options.profile, region, env) };
}

/** @throws {Failure} if the endpoint is missing or invalid; the message names the option or variable */
export function resolveEndpoint({ endpoint }: ConnectionOptions, env: NodeJS.ProcessEnv): URL {
  const source = endpoint === undefined ? 'TVM_ENDPOINT' : '--endpoint';
  const text = endpoint ?? env.TVM_ENDPOINT;
  if (endpoint === undefined && !text) {
    throw usageFailure(
      'the endpoint is missing: give --endpoint URL or set TVM_ENDPOINT (for the local service: . .local/env)',
      '--endpoint',
    );
  }
  const wrong = (problem: string) => usageFailure(`${source} ${problem}`, source);
  const url = URL.parse(text ?? '');
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw wrong('must be a URL such as https://a1b2c3.execute-api.eu-central-1.amazonaws.com/v1');
  }
  if (url.username || url.password) throw wrong('must not contain a user name or a password');
  if (url.search || url.hash) throw wrong('must not contain a query or a fragment');
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw wrong(`must be an https URL: over http, anyone on the network could read the tokens of ${url.host}`);
  }
  return url;
}

export async function resolveRegion(
  options: ConnectionOptions,
  endpoint: URL | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const region = options.region ?? (await findRegion(endpoint?.hostname, options.profile, env));
  if (!region) {
    throw usageFailure(
      'the AWS region is missing: give --region, set AWS_REGION, or set a region in the profile',
      '--region',
    );
  }
  if (!isRegionName(region)) {
    throw usageFailure(`${JSON.stringify(region)} is not the name of an AWS region, such as eu-central-1`, '--region');
  }
  return region;
}
