import type { Credentials } from '@tvm/api/signature.ts';
import { Failure } from '../tools/failure.mjs';

/** An emulator of AWS and who deploys into it. */
export interface Target {
  /** As in `http://127.0.0.1:4566`. */
  endpoint: string;
  region: string;
  credentials: Credentials;
}

/** The root user of every AWS emulator: these are words, not a secret, and no AWS account knows them. */
const ROOT: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * @param endpoint of an emulator of ours
 * @returns that emulator with its root user as the deployer
 */
export const emulatorTarget = (endpoint: string): Target => ({ endpoint, region: region(), credentials: ROOT });

/**
 * The emulator that the environment names with AWS_ENDPOINT_URL, if it does, with the credentials given there.
 * A shell that has sourced our own environment files (they set TVM_ISSUER) names the workload of an earlier run:
 * its credentials do not deploy, and its endpoint is `ours` to start again.
 *
 * @param ours the endpoint that an emulator of ours has or would have
 */
export function givenTarget(ours: string): Target | undefined {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, TVM_ISSUER } = process.env;
  if (!AWS_ENDPOINT_URL) return undefined;
  const endpoint = AWS_ENDPOINT_URL.replace(/\/+$/, '');
  const sourced = TVM_ISSUER?.startsWith(`${endpoint}/`) ?? false;
  if (sourced && endpoint === ours) return undefined;
  // `localhost:4566` alone would be a URL too, of the scheme `localhost`.
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint)) {
    throw new Failure('AWS_ENDPOINT_URL must be a URL, as in http://127.0.0.1:4566.');
  }
  if (sourced || !AWS_ACCESS_KEY_ID || !AWS_SECRET_ACCESS_KEY) return { endpoint, region: region(), credentials: ROOT };
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return {
    endpoint,
    region: region(),
    credentials: AWS_SESSION_TOKEN ? { ...credentials, sessionToken: AWS_SESSION_TOKEN } : credentials,
  };
}

/** The AWS region to deploy to. */
const region = () => process.env.AWS_REGION || 'us-east-1';
