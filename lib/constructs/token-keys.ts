import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import type { ServiceFunction } from './service-function.ts';
import { SigningKey } from './signing-key.ts';

/** The signing keys of tokens. */
export interface TokenKeys {
  /** The current signing key. */
  signing: SigningKey;
  /** All keys that verify tokens: the previous, current and next signing keys. */
  verifying: readonly SigningKey[];
  /** The environment of functions that verify tokens. */
  environment: { VERIFICATION_KEY_ARNS: string };
}

/** Creates the configured keys. The role that may sign is added later, with `signedOnlyBy`. */
export function tokenKeys(
  scope: Construct,
  { signing_keys, signing_key, data_protection: protect }: Config,
): TokenKeys {
  const keys = new Map(
    Object.entries(signing_keys).map(([name, spec]) => [
      name,
      new SigningKey(scope, `signing-key-${name}`, { spec, protect }),
    ]),
  );
  const signing = keys.get(signing_key);
  if (signing === undefined) throw new Error('the configuration names a signing key that it does not have');
  const verifying = [...keys.values()];
  for (const key of verifying) if (key !== signing) key.signedByNobody();
  return { signing, verifying, environment: { VERIFICATION_KEY_ARNS: verifying.map((key) => key.keyArn).join(',') } };
}

/** Lets functions verify tokens. */
export function grantVerify({ verifying }: TokenKeys, ...functions: ServiceFunction<never>[]): void {
  for (const key of verifying) for (const verifier of functions) key.grant(verifier, 'kms:GetPublicKey');
}
