import { readFileSync, writeFileSync } from 'node:fs';
import type { Credentials } from '@tvm/api/signature.ts';
import { envFiles } from '../emulators/run-record.mjs';
import type { Target } from '../emulators/target.ts';
import type { Identities } from './identities.ts';

const names = Object.keys(envFiles) as (keyof Identities)[];

/**
 * Writes one file per identity that a shell can source. It holds the endpoints of AWS and TVM and the identity's
 * credentials, and only its owner can read it.
 *
 * @param issuer the issuer URL of TVM, which is also its endpoint
 */
export function writeEnvFiles(target: Target, issuer: string, identities: Identities): void {
  for (const name of names) {
    const variables = {
      AWS_ENDPOINT_URL: target.endpoint,
      AWS_REGION: target.region,
      // Version 1 of the AWS CLI reads this variable instead.
      AWS_DEFAULT_REGION: target.region,
      TVM_ENDPOINT: issuer,
      TVM_ISSUER: issuer,
      AWS_ACCESS_KEY_ID: identities[name].accessKeyId,
      AWS_SECRET_ACCESS_KEY: identities[name].secretAccessKey,
    };
    // If the user's shell still has one of these set, it takes precedence or makes the signature invalid.
    const stale = 'unset AWS_PROFILE AWS_SESSION_TOKEN\n';
    const lines = Object.entries(variables).map(([key, value]) => `export ${key}='${value}'\n`);
    writeFileSync(envFiles[name], stale + lines.join(''), { mode: 0o600 });
  }
}

/** @returns the credentials in the files of an earlier run, for each file that exists */
export function readEnvFiles(): Partial<Identities> {
  const found: Partial<Identities> = {};
  for (const name of names) {
    const credentials = readCredentials(name);
    if (credentials) found[name] = credentials;
  }
  return found;
}

function readCredentials(name: keyof Identities): Credentials | undefined {
  try {
    const text = readFileSync(envFiles[name], 'utf8');
    const value = (key: string) => new RegExp(`^export ${key}='(.+)'$`, 'm').exec(text)?.[1];
    const [accessKeyId, secretAccessKey] = [value('AWS_ACCESS_KEY_ID'), value('AWS_SECRET_ACCESS_KEY')];
    return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : undefined;
  } catch {
    return undefined;
  }
}
