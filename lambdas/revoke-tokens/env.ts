import { orderingEnv } from '../shared/ordering-env.ts';

export const revokeTokensEnv = orderingEnv;
