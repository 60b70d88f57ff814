import { parseCaller } from './identity.ts';
import type { Clock, TokenRecords, VerificationKeys } from './ports.ts';
import { verifyToken } from './verify-token.ts';

export interface RevokeOwnTokenPorts {
  keys: VerificationKeys;
  records: TokenRecords;
  clock: Clock;
}

/** `revoked` also when there was nothing (left) to revoke: RFC 7009, section 2.2. */
export type RevokeOwnTokenOutcome = { kind: 'revoked' } | { kind: 'not_own_token' };

/**
 * Takes back one of the caller's own tokens (RFC 7009). Doing it again changes nothing.
 *
 * @param request exactly one of the token and its id
 * @param userArn the caller's ARN, as the gateway states it
 */
export async function revokeOwnToken(
  request: { token?: string | undefined; token_id?: string | undefined },
  userArn: string,
  { issuer }: { issuer: string },
  { keys, records, clock }: RevokeOwnTokenPorts,
): Promise<RevokeOwnTokenOutcome> {
  const tokenId =
    request.token === undefined ? request.token_id : (await verifyToken(request.token, await keys.jwks(), issuer))?.jti;
  const record = tokenId === undefined ? undefined : await records.get(tokenId);
  if (record === undefined) return { kind: 'revoked' };
  if (record.subject !== parseCaller(userArn)?.subject) return { kind: 'not_own_token' };

  await records.revoke(record.tokenId, { revokedAt: clock.now(), revokedBy: record.subject });
  return { kind: 'revoked' };
}
