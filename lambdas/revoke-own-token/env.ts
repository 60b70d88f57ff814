import { list, text } from '../runtime/env-types.ts';
import { orderingEnv } from '../shared/ordering-env.ts';

export const revokeOwnTokenEnv = orderingEnv.extend({ ISSUER: text, VERIFICATION_KEY_ARNS: list });
