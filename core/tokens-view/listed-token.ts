import type { ListedToken, TokenState } from '@tvm/contract/token-list.ts';
import { accessOf } from '../audit/audit-event.ts';
import { denialOf, type TokenRecord } from '../records/token-record.ts';
import { isPartlyIndexed } from '../records/token-selector.ts';

/**
 * Returns the state of a token for operators. The revocation of a whole subject shows moments later, when the records
 * of its tokens have been changed.
 *
 * @param now milliseconds since the epoch
 */
export function stateOf(record: TokenRecord, now: number): TokenState {
  if (denialOf(record) !== undefined) return 'denied';
  if (record.status !== 'issued') return record.status;
  return now < record.expiresAt ? 'active' : 'expired';
}

/** Returns a row of the list. Neither the row nor the record contains the token itself. */
export function listedToken(record: TokenRecord, now: number, issuer: string): ListedToken {
  return {
    token_id: record.tokenId,
    state: stateOf(record, now),
    type: accessOf(record),
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
    ...outcomeOf(record),
  };
}

/** Returns the properties that depend on the outcome: of a denial, a failure, an issued or a revoked token. */
function outcomeOf(record: TokenRecord): Partial<ListedToken> {
  const denial = denialOf(record);
  if (record.status === 'denied' || denial !== undefined)
    return { ...(denial && { denial }), ...(isPartlyIndexed(record) && { partially_indexed: true as const }) };
  const issued = { size: record.size, expires_at: iso(record.expiresAt) };
  if (record.status === 'failed') return { ...issued, failure: record.failure };
  if (record.status !== 'revoked') return issued;
  const { revokedAt, revokedBy, revocationReason } = record;
  return {
    ...issued,
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

/** Describes the use of a token, such as `data access at orders-db as lake-reader for build-17: nightly report`. */
function usageOf(record: TokenRecord): string {
  const { audience, role, task, reason } = record;
  return [
    USAGES[accessOf(record)],
    ...(audience === '' ? [] : [` at ${audience}`]),
    ...(role === undefined ? [] : [` as ${role}`]),
    ...(task === undefined ? [] : [` for ${task}`]),
    ...(reason === undefined ? [] : [`: ${reason}`]),
  ].join('');
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
