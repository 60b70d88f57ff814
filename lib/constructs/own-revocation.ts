import type { Construct } from 'constructs';
import { revokeOwnTokenEnv } from '#lambdas/revoke-own-token/env.ts';
import type { Foundation } from './foundation.ts';
import type { Revocation } from './revocation.ts';
import { ServiceFunction } from './service-function.ts';
import { grantVerify, type TokenKeys } from './token-keys.ts';

/** The function that lets a workload revoke one of its own tokens, or all of them for a task. */
export function ownRevocation(scope: Construct, foundation: Foundation, keys: TokenKeys, revocation: Revocation): void {
  const { defaults, records, api } = foundation;
  const revokeOwnToken = new ServiceFunction(scope, 'revoke-own-token', {
    defaults,
    description: 'POST /revoke: revokes tokens of the caller',
    memorySize: 512,
    env: revokeOwnTokenEnv,
    environment: { ISSUER: api.issuer, TABLE_NAME: records.tableName, ...keys.environment, ...revocation.environment },
  });
  api.signed('/revoke', revokeOwnToken);
  revocation.allowRevoking(revokeOwnToken);
  grantVerify(keys, revokeOwnToken);
}
