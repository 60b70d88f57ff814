import { list, text } from '../runtime/env-types.ts';
import { revocationEnv } from '../shared/revocation-env.ts';

export const revokeOwnTokenEnv = revocationEnv.extend({ ISSUER: text, VERIFICATION_KEY_ARNS: list });
