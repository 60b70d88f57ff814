import type { VerificationKeys } from '../keys/ports.ts';
import { verifyToken } from '../verification/verify-token.ts';
import { type RevokeTokensPorts, revokeTokens } from './requests/revoke-tokens.ts';

export interface RevokeOwnTokenPorts extends RevokeTokensPorts {
  keys: VerificationKeys;
}

/** The outcome is also `revoked` if there was nothing to revoke (RFC 7009, section 2.2). */
export type RevokeOwnTokenOutcome = { kind: 'revoked' } | { kind: 'not_own_token' } | { kind: 'unsupported_identity' };

/**
 * Revokes one of the caller's own tokens (RFC 7009), or all its tokens for a task. Idempotent.
 *
 * @param request exactly one of a token, a token ID and a task
 * @param subject the caller's subject, or `undefined` for an unsupported identity
 * @param revocationId the ID of the revocation of a task's tokens
 */
export async function revokeOwnToken(
  request: { token?: string | undefined; token_id?: string | undefined; task?: string | undefined },
  subject: string | undefined,
  revocationId: string,
  { issuer }: { issuer: string },
  ports: RevokeOwnTokenPorts,
): Promise<RevokeOwnTokenOutcome> {
  const { keys, records, clock } = ports;
  const { token, task } = request;
  if (task !== undefined) {
    if (subject === undefined) return { kind: 'unsupported_identity' };
    const submitted = { revocationId, selector: { subject, task }, by: subject, requestedAt: clock.now() };
    await revokeTokens(submitted, { blockFor: 0 }, ports);
    return { kind: 'revoked' };
  }
  const tokenId = token === undefined ? request.token_id : (await verifyToken(token, await keys.jwks(), issuer))?.jti;
  const record = tokenId === undefined ? undefined : await records.get(tokenId);
  if (record === undefined) return { kind: 'revoked' };
  if (record.subject !== subject) return { kind: 'not_own_token' };

  await records.revoke(record.tokenId, { revokedAt: clock.now(), revokedBy: record.subject });
  return { kind: 'revoked' };
}
