import type { CredentialRule } from './check.ts';
import { committedSecret } from './committed-secret.ts';
import { knownSecretRules } from './known-secrets.ts';
import { plainSecret } from './named-secrets.ts';

/** All rules about credentials in files. */
export const credentialRules: readonly CredentialRule[] = [...knownSecretRules, plainSecret, committedSecret];
