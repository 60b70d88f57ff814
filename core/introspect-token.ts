import type { IntrospectionResponse } from '../contract/introspection.ts';
import { parseCaller } from './identity.ts';
import type { Clock, SubjectWatermarks, TokenRecords, VerificationKeys } from './ports.ts';
import { verifyToken } from './verify-token.ts';

/** Which audiences each resource server may ask about: its ARN (without a session) → its audiences. */
export type ResourceServers = Readonly<Record<string, readonly string[]>>;

export interface IntrospectTokenPorts {
  keys: VerificationKeys;
  records: TokenRecords;
  watermarks: SubjectWatermarks;
  clock: Clock;
}

const INACTIVE: IntrospectionResponse = { active: false };

/**
 * Tells a resource server whether a token is active now (RFC 7662).
 *
 * The signature is verified before anything is looked up. Unknown, expired, revoked, and meant for another resource
 * server all look the same to the caller.
 *
 * @param userArn the caller's ARN, as the gateway states it
 */
export async function introspectToken(
  unverifiedToken: string,
  userArn: string,
  rules: { issuer: string; resourceServers: ResourceServers },
  { keys, records, watermarks, clock }: IntrospectTokenPorts,
): Promise<IntrospectionResponse> {
  const audiences = rules.resourceServers[parseCaller(userArn)?.subject ?? ''] ?? [];
  const claims = await verifyToken(unverifiedToken, await keys.jwks(), rules.issuer);
  const now = clock.now();
  if (claims === undefined || !audiences.includes(claims.aud)) return INACTIVE;
  if (now < claims.nbf * 1000 || now >= claims.exp * 1000) return INACTIVE;

  const [record, watermark] = await Promise.all([records.get(claims.jti), watermarks.get(claims.sub)]);
  if (record?.status !== 'issued') return INACTIVE;
  if (watermark !== undefined && record.decidedAt <= watermark) return INACTIVE;
  return { active: true, token_type: 'Bearer', ...claims };
}
