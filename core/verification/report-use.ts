import type { BadRequest } from '@tvm/contract/parse-parameters.ts';
import type { UseReport } from '@tvm/contract/token-use.ts';
import { parseCaller } from '../identity/caller.ts';
import type { VerificationKeys } from '../keys/ports.ts';
import type { Clock } from '../ports.ts';
import type { AuditFacts } from '../records/ports.ts';
import { covers } from '../records/token-selector.ts';
import type { ResourceServers } from './introspect-token.ts';
import { verifyToken } from './verify-token.ts';

export interface ReportUsePorts {
  keys: VerificationKeys;
  facts: AuditFacts;
  clock: Clock;
}

export type ReportUseOutcome = { kind: 'reported' } | { kind: 'bad_request'; bad: BadRequest };

/**
 * How long uses may be reported after the token expires, in seconds. A resource server may report in batches or retry.
 */
const LATE = 86_400;

/**
 * Records in the audit a use of a token that a resource server reports.
 *
 * A resource server may only report uses of tokens for its own audiences. It may report an allowed use only if the
 * token permits it. A report about a revoked or recently expired token is accepted, because the token may have been
 * used before.
 *
 * @param userArn the caller's ARN, as the gateway states it
 * @param requestId the idempotency key of the report
 */
export async function reportUse(
  { token, action, location, outcome }: UseReport,
  { userArn, requestId }: { userArn: string; requestId: string },
  rules: { issuer: string; resourceServers: ResourceServers },
  { keys, facts, clock }: ReportUsePorts,
): Promise<ReportUseOutcome> {
  const by = parseCaller(userArn)?.subject ?? '';
  const claims = await verifyToken(token, await keys.jwks(), rules.issuer);
  const now = clock.now();
  // All these cases get the same response, so that it does not reveal the audience of a token.
  if (!claims || !rules.resourceServers[by]?.includes(claims.aud)) {
    return bad('token', 'must be a token of this service for one of your audiences');
  }
  if (now < claims.nbf * 1000) return bad('token', 'is not valid yet');
  if (now >= (claims.exp + LATE) * 1000) return bad('token', 'expired more than a day ago');
  const permitting = claims.authorization_details.filter(({ actions }) => actions.includes(action));
  if (outcome === 'allowed' && permitting.length === 0) {
    return bad('action', 'must be one that the token permits; any other use can only be reported as refused');
  }
  const inside = permitting.some(({ locations }) => locations.some((own) => covers(own, location)));
  if (outcome === 'allowed' && !inside) {
    return bad('location', 'must be one where the token permits it; any other use can only be reported as refused');
  }
  const time = new Date(now).toISOString();
  const { jti: tokenId, sub: subject, aud: audience } = claims;
  const detail = { time, tokenId, subject, audience, by, action, location, outcome };
  await facts.put(requestId, { detailType: 'Token Used', detail });
  return { kind: 'reported' };
}

function bad(field: string, problem: string): ReportUseOutcome {
  return { kind: 'bad_request', bad: { field, problem } };
}
