import type { IntrospectionResponse } from '@tvm/contract/introspection.ts';
import { parseCaller } from '../identity/caller.ts';
import type { VerificationKeys } from '../keys/ports.ts';
import type { Clock } from '../ports.ts';
import type { SubjectStatuses, TokenRecords } from '../records/ports.ts';
import type { IntrospectionCounts } from './ports.ts';
import { verifyToken } from './verify-token.ts';

/** The audiences that each resource server may introspect, by the ARN of its role or user. */
export type ResourceServers = Readonly<Record<string, readonly string[]>>;

export interface IntrospectTokenPorts {
  keys: VerificationKeys;
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  introspections: IntrospectionCounts;
  clock: Clock;
  /** Called if an introspection could not be counted. The response stays the same. */
  uncounted(error: unknown): void;
}

const INACTIVE: IntrospectionResponse = { active: false };

/**
 * Tells a resource server whether a token is active now (RFC 7662).
 *
 * The signature is verified before any lookup. The response does not reveal why a token is inactive: whether it is
 * unknown, expired, revoked or for another resource server. Introspections of active and revoked tokens are counted.
 *
 * @param userArn the caller's ARN, as the gateway states it
 */
export async function introspectToken(
  unverifiedToken: string,
  userArn: string,
  rules: { issuer: string; resourceServers: ResourceServers },
  { keys, records, subjectStatuses, introspections, clock, uncounted }: IntrospectTokenPorts,
): Promise<IntrospectionResponse> {
  const by = parseCaller(userArn)?.subject ?? '';
  const audiences = rules.resourceServers[by] ?? [];
  const claims = await verifyToken(unverifiedToken, await keys.jwks(), rules.issuer);
  const now = clock.now();
  if (claims === undefined || !audiences.includes(claims.aud)) return INACTIVE;
  if (now < claims.nbf * 1000 || now >= claims.exp * 1000) return INACTIVE;

  const [record, { revokedBefore }] = await Promise.all([records.get(claims.jti), subjectStatuses.get(claims.sub)]);
  if (record?.status !== 'issued' && record?.status !== 'revoked') return INACTIVE;
  const revoked = record.status === 'revoked' || record.decidedAt <= (revokedBefore ?? Number.NEGATIVE_INFINITY);

  // Count before the response is returned: Lambda freezes a function after its response, so a pending write would be
  // late or lost.
  const { tokenId, subject, audience, ttl } = record;
  const counted = { tokenId, subject, audience, by, result: revoked ? ('revoked' as const) : ('active' as const) };
  await introspections.add(counted, now, ttl).catch(uncounted);
  return revoked ? INACTIVE : { active: true, token_type: 'Bearer', ...claims };
}
