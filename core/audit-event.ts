import type { Action } from '../contract/authorization-details.ts';
import type { AuditEvent } from '../contract/events.ts';
import type { TokenRecord } from './token-record.ts';

/**
 * The audit event that a change of a record stands for.
 *
 * @param before the record before the change; `undefined` when it is new
 * @param eventId names the change: the same whenever it is delivered again
 * @returns `undefined` when the change means nothing to an auditor
 */
export function auditEvent(
  before: TokenRecord | undefined,
  after: TokenRecord,
  eventId: string,
): AuditEvent | undefined {
  if (before?.status === after.status) return undefined;
  const decision = {
    version: '1' as const,
    eventId,
    time: iso(after.decidedAt),
    tokenId: after.tokenId,
    subject: after.subject,
    account: after.account,
    ...(after.session !== undefined && { session: after.session }),
    audience: after.audience,
    authorizationDetails: after.authorizationDetails,
    access: accessOf(after.authorizationDetails),
    ...(after.role !== undefined && { role: after.role }),
    expiresIn: after.lifetime,
    sourceIp: after.sourceIp,
    requestId: after.requestId,
    ...(after.reason !== undefined && { reason: after.reason }),
    policies: after.policies,
    policyBundle: after.policyBundle,
    ...(after.conditions && { conditions: after.conditions }),
  };
  if (after.status === 'denied') {
    const { denial, policyErrors } = after;
    return { detailType: 'Token Denied', detail: { ...decision, denial, policyErrors } };
  }
  const vended = {
    ...decision,
    issuedAt: iso(after.decidedAt),
    expiresAt: iso(after.expiresAt),
    keyId: after.keyId,
    ...(after.obligations && { obligations: after.obligations }),
    ...(after.requested && { requested: after.requested }),
    ...(after.policyErrors && { policyErrors: after.policyErrors }),
  };
  switch (after.status) {
    case 'issued':
      return { detailType: 'Token Issued', detail: vended };
    case 'failed':
      return { detailType: 'Token Failed', detail: { ...vended, time: iso(after.failedAt), failure: after.failure } };
    case 'revoked': {
      const { revokedBy, revocationReason } = after;
      const revokedAt = iso(after.revokedAt);
      const detail = {
        ...vended,
        time: revokedAt,
        revokedAt,
        revokedBy,
        ...(revocationReason && { revocationReason }),
      };
      return { detailType: 'Token Revoked', detail };
    }
  }
}

/** What may be done somewhere: a token that writes is told by one look. */
function accessOf(details: TokenRecord['authorizationDetails']): 'none' | Action | 'read-write' {
  const actions = new Set(details.flatMap((detail) => detail.actions));
  const [only] = actions;
  return actions.size > 1 ? 'read-write' : (only ?? 'none');
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
