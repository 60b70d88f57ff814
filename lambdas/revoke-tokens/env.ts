import { revocationEnv } from '../shared/revocation-env.ts';

export const revokeTokensEnv = revocationEnv;
