import { orderingEnv } from '../ordering-env.ts';

export const revokeTokensEnv = orderingEnv;
