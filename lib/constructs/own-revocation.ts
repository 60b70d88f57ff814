import type { Construct } from 'constructs';
import { revokeOwnTokenEnv } from '#lambdas/revoke-own-token/env.ts';
import type { Machine } from './machine.ts';
import type { Revocation } from './revocation.ts';
import { ServiceFunction } from './service-function.ts';
import { letVerify, type TokenKeys } from './token-keys.ts';

/** A workload revokes a token of its own, or all that it has for a task. */
export function ownRevocation(scope: Construct, machine: Machine, keys: TokenKeys, revocation: Revocation): void {
  const { defaults, records, api } = machine;
  const revokeOwnToken = new ServiceFunction(scope, 'revoke-own-token', {
    defaults,
    description: 'POST /revoke: takes back tokens of the caller',
    memorySize: 512,
    env: revokeOwnTokenEnv,
    environment: { ISSUER: api.issuer, TABLE_NAME: records.tableName, ...keys.environment, ...revocation.ordering },
  });
  api.signed('/revoke', revokeOwnToken);
  revocation.letOrder(revokeOwnToken);
  letVerify(keys, revokeOwnToken);
}
