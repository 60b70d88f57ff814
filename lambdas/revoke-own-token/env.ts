import { list, text } from '../env-types.ts';
import { orderingEnv } from '../ordering-env.ts';

export const revokeOwnTokenEnv = orderingEnv.extend({ ISSUER: text, VERIFICATION_KEY_ARNS: list });
