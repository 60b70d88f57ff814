import type { ListedToken, TokenState } from '@tvm/contract/token-list.ts';
import { accessOf } from '../audit/audit-event.ts';
import { denialOf, type TokenRecord } from '../records/token-record.ts';
import { isPartlyIndexed } from '../records/token-selector.ts';

/**
 * The state that a token is in for whoever oversees it. That a subject was revoked as a whole shows once its records
 * have followed, moments later.
 *
 * @param now milliseconds since the epoch
 */
export function stateOf(record: TokenRecord, now: number): TokenState {
  if (denialOf(record) !== undefined) return 'denied';
  if (record.status !== 'issued') return record.status;
  return now < record.expiresAt ? 'active' : 'expired';
}

/** A row of the list. The token is not in it, nor in the record that it is made of. */
export function listedToken(record: TokenRecord, now: number, issuer: string): ListedToken {
  return {
    token_id: record.tokenId,
    state: stateOf(record, now),
    type: accessOf(record.authorizationDetails),
    subject: record.subject,
    ...(record.session !== undefined && { workload: record.session }),
    ...(record.task !== undefined && { task: record.task }),
    audience: record.audience,
    authorization_details: record.authorizationDetails,
    ...(record.role !== undefined && { role: record.role }),
    usage: usageOf(record),
    issuer,
    issued_at: iso(record.decidedAt),
    lifetime: record.lifetime,
    source_ip: record.sourceIp,
    ...(record.reason !== undefined && { reason: record.reason }),
    policies: record.policies,
    policy_bundle: record.policyBundle,
    ...end(record),
  };
}

/** What only a token has that was vended, or was meant to be; and how it ended, or why there never was one. */
function end(record: TokenRecord): Partial<ListedToken> {
  const denial = denialOf(record);
  if (record.status === 'denied' || denial !== undefined)
    return { ...(denial && { denial }), ...(isPartlyIndexed(record) && { partially_indexed: true as const }) };
  const vended = { size: record.size, expires_at: iso(record.expiresAt) };
  if (record.status === 'failed') return { ...vended, failure: record.failure };
  if (record.status !== 'revoked') return vended;
  const { revokedAt, revokedBy, revocationReason } = record;
  return {
    ...vended,
    revoked_at: iso(revokedAt),
    revoked_by: revokedBy,
    ...(revocationReason !== undefined && { revocation_reason: revocationReason }),
  };
}

const USAGES = {
  none: 'nothing',
  read: 'data access',
  write: 'data modification',
  'read-write': 'data access and modification',
} as const;

/** What it is for, in words: `data access at orders-db as lake-reader for build-17: nightly report`. */
function usageOf({ authorizationDetails, audience, role, task, reason }: TokenRecord): string {
  return [
    USAGES[accessOf(authorizationDetails)],
    ...(audience === '' ? [] : [` at ${audience}`]),
    ...(role === undefined ? [] : [` as ${role}`]),
    ...(task === undefined ? [] : [` for ${task}`]),
    ...(reason === undefined ? [] : [`: ${reason}`]),
  ].join('');
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
