import type { AuditEvent } from '@tvm/contract/events.ts';
import type { AuditFact, Introspections } from '../records/audit-fact.ts';
import type { TokenRecord } from '../records/token-record.ts';
import type { RevocationState } from '../revocation/requests/revocation-request.ts';

/** A stored item whose changes become audit events. */
export type AuditedItem =
  | { kind: 'record'; record: TokenRecord }
  | { kind: 'order'; order: RevocationState }
  | { kind: 'introspections'; introspections: Introspections }
  | { kind: 'fact'; fact: AuditFact };

/**
 * Converts a change of a stored item to an audit event.
 *
 * @param before the previous state, or `undefined` for a new item
 * @param eventId ID of the change, the same for each delivery
 * @returns the event, or `undefined` if the change is irrelevant to the audit
 */
export function auditEvent(
  before: AuditedItem | undefined,
  after: AuditedItem,
  eventId: string,
): AuditEvent | undefined {
  const common = { version: '1' as const, eventId };
  switch (after.kind) {
    case 'record':
      return ofRecord(before?.kind === 'record' ? before.record : undefined, after.record, common);
    case 'order':
      return ofOrder(before?.kind === 'order' ? before.order : undefined, after.order, common);
    case 'introspections': {
      const { minute, last, ...introspection } = after.introspections;
      return { detailType: 'Token Introspected', detail: { ...common, time: iso(last), ...introspection } };
    }
    case 'fact': {
      const { detailType, detail } = after.fact;
      return { detailType, detail: { ...common, ...detail } } as AuditEvent;
    }
  }
}

/**
 * Reports whether an event is published on the bus. Because introspections are very frequent, only the first
 * introspection of a revoked token in each minute is published.
 */
export function isPublished({ detailType, detail }: AuditEvent): boolean {
  return detailType !== 'Token Introspected' || (detail.result === 'revoked' && detail.count === 1);
}

interface Common {
  version: '1';
  eventId: string;
}

function ofRecord(before: TokenRecord | undefined, after: TokenRecord, common: Common): AuditEvent | undefined {
  if (before?.status === after.status) return undefined;
  const decision = {
    ...common,
    time: iso(after.decidedAt),
    tokenId: after.tokenId,
    subject: after.subject,
    account: after.account,
    ...(after.session !== undefined && { session: after.session }),
    ...(after.claims && { claims: after.claims }),
    ...(after.chosenClaims && { chosenClaims: after.chosenClaims }),
    audience: after.audience,
    authorizationDetails: after.authorizationDetails,
    access: accessOf(after),
    ...(after.role !== undefined && { role: after.role }),
    expiresIn: after.lifetime,
    sourceIp: after.sourceIp,
    requestId: after.requestId,
    ...(after.reason !== undefined && { reason: after.reason }),
    ...(after.task !== undefined && { task: after.task }),
    policies: after.policies,
    policyBundle: after.policyBundle,
    ...(after.conditions && { conditions: after.conditions }),
  };
  if (after.status === 'denied') {
    const { denial, policyErrors, refusedProof } = after;
    const ofProof = refusedProof === undefined ? {} : { refusedProof };
    return { detailType: 'Token Denied', detail: { ...decision, denial, policyErrors, ...ofProof } };
  }
  const issued = {
    ...decision,
    issuedAt: iso(after.decidedAt),
    expiresAt: iso(after.expiresAt),
    keyId: after.keyId,
    statusList: after.statusList,
    ...(after.obligations && { obligations: after.obligations }),
    ...(after.requested && { requested: after.requested }),
    ...(after.policyErrors && { policyErrors: after.policyErrors }),
  };
  switch (after.status) {
    case 'issued':
      return { detailType: 'Token Issued', detail: issued };
    case 'failed':
      return { detailType: 'Token Failed', detail: { ...issued, time: iso(after.failedAt), failure: after.failure } };
    case 'expired':
      return { detailType: 'Token Expired', detail: { ...issued, time: iso(after.expiresAt) } };
    case 'revoked': {
      const { revokedBy, revocationReason, revocationId } = after;
      const revokedAt = iso(after.revokedAt);
      const detail = {
        ...issued,
        time: revokedAt,
        revokedAt,
        revokedBy,
        ...(revocationReason && { revocationReason }),
        ...(revocationId && { revocationId }),
      };
      return { detailType: 'Token Revoked', detail };
    }
  }
}

function ofOrder(before: RevocationState | undefined, after: RevocationState, common: Common): AuditEvent | undefined {
  const { revocationId } = after;
  if (before === undefined) {
    const detail = {
      ...common,
      time: iso(after.orderedAt),
      revocationId,
      selector: after.selector,
      revokedBefore: iso(after.revokedBefore),
      ...(after.from > after.orderedAt && { from: iso(after.from) }),
      by: after.by,
      ...(after.reason && { reason: after.reason }),
    };
    return { detailType: 'Revocation Ordered', detail };
  }
  if (before.completedAt !== undefined || after.completedAt === undefined) return undefined;
  const detail = { ...common, time: iso(after.completedAt), revocationId, revoked: after.revoked };
  return { detailType: 'Revocation Completed', detail };
}

/** Summarizes the actions of grants, so that a reader recognizes tokens with write access. */
export function accessOf({
  authorizationDetails,
  writeActions = [],
}: Pick<TokenRecord, 'authorizationDetails' | 'writeActions'>): 'none' | 'read' | 'write' | 'read-write' {
  const actions = authorizationDetails.flatMap((detail) => detail.actions);
  const kinds = new Set(
    actions.map((action) =>
      action === 'write' || writeActions.includes(action) ? ('write' as const) : ('read' as const),
    ),
  );
  const [only] = kinds;
  return kinds.size > 1 ? 'read-write' : (only ?? 'none');
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
