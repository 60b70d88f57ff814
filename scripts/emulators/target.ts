import type { Credentials } from '@tvm/api/signature.ts';
import { Failure } from '../tools/failure.mjs';

/** An emulator of AWS and the credentials of the deployer. */
export interface Target {
  /** As in `http://127.0.0.1:4566`. */
  endpoint: string;
  region: string;
  credentials: Credentials;
}

/** The credentials of the root user of every AWS emulator. They are not secret: no AWS account knows them. */
const ROOT: Credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/**
 * @param endpoint the endpoint of an emulator that this project started
 * @returns the emulator, with its root user as the deployer
 */
export const emulatorTarget = (endpoint: string): Target => ({ endpoint, region: region(), credentials: ROOT });

/**
 /**
  * Returns the emulator that the variable AWS_ENDPOINT_URL names, with the credentials from the environment. Returns
  * undefined in a shell that has sourced this project's environment files, which set TVM_ISSUER: those credentials
  * belong to a workload, which may not deploy, and that endpoint is one to start again.
  *
  * @param ours the endpoint that this project's own emulator has or would have
  */
export function givenTarget(ours: string): Target | undefined {
  const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, TVM_ISSUER } = process.env;
  if (!AWS_ENDPOINT_URL) return undefined;
  const endpoint = AWS_ENDPOINT_URL.replace(/\/+$/, '');
  const sourced = TVM_ISSUER?.startsWith(`${endpoint}/`) ?? false;
  if (sourced && endpoint === ours) return undefined;
  // Without this check, `localhost:4566` would be accepted as a URL with the scheme `localhost`.
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
