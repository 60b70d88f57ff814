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

/** How long after a token's end its uses may be reported, in seconds: a resource server may report in batches, or retry. */
const LATE = 86_400;

/**
 * Notes for the audit what a resource server says that a token was used for.
 *
 * It is believed about tokens of its own audiences alone, and of what it allowed only what the token permits. A token that
 * was revoked, or ended lately, may have been used before.
 *
 * @param userArn the caller's ARN, as the gateway states it
 * @param requestId names the report: the same again is noted once
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
  // One answer for all of these: nobody learns by it for whom a token is.
  if (!claims || !rules.resourceServers[by]?.includes(claims.aud)) {
    return bad('token', 'must be a token of this machine for an audience of yours');
  }
  if (now < claims.nbf * 1000) return bad('token', 'is not valid yet');
  if (now >= (claims.exp + LATE) * 1000) return bad('token', 'ended more than a day ago');
  const permitting = claims.authorization_details.filter(({ actions }) => actions.includes(action));
  if (outcome === 'allowed' && permitting.length === 0) {
    return bad('action', 'must be one that the token permits; a use beyond that can only have been refused');
  }
  const inside = permitting.some(({ locations }) => locations.some((own) => covers(own, location)));
  if (outcome === 'allowed' && !inside) {
    return bad('location', 'must be one that the token permits this at; a use beyond that can only have been refused');
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
