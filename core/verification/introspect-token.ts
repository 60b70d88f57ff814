import type { IntrospectionResponse } from '@tvm/contract/introspection.ts';
import { parseCaller } from '../identity/caller.ts';
import type { VerificationKeys } from '../keys/ports.ts';
import type { Clock } from '../ports.ts';
import type { SubjectStatuses, TokenRecords } from '../records/ports.ts';
import type { IntrospectionCounts } from './ports.ts';
import { verifyToken } from './verify-token.ts';

/** Which audiences each resource server may ask about: its ARN (without a session) → its audiences. */
export type ResourceServers = Readonly<Record<string, readonly string[]>>;

export interface IntrospectTokenPorts {
  keys: VerificationKeys;
  records: TokenRecords;
  subjectStatuses: SubjectStatuses;
  introspections: IntrospectionCounts;
  clock: Clock;
  /** Told when an introspection could not be counted: the answer is the same. */
  uncounted(fault: unknown): void;
}

const INACTIVE: IntrospectionResponse = { active: false };

/**
 * Tells a resource server whether a token is active now (RFC 7662).
 *
 * The signature is verified before anything is looked up. Unknown, expired, revoked, and meant for another resource
 * server all look the same to the caller. What it is told of a token that is active or was revoked is counted.
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

  // After the reads, since they tell what is counted, and before the answer: Lambda freezes a function that has answered,
  // so that what it still meant to write comes late or never.
  const { tokenId, subject, audience, ttl } = record;
  const told = { tokenId, subject, audience, by, result: revoked ? ('revoked' as const) : ('active' as const) };
  await introspections.add(told, now, ttl).catch(uncounted);
  return revoked ? INACTIVE : { active: true, token_type: 'Bearer', ...claims };
}
