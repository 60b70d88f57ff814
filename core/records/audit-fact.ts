import type { AuditEvent } from '@tvm/contract/events.ts';
import type { LiftedBlock, Restriction } from './subject-status.ts';

/** The audit events that are stored as facts, because no change of a record or a revocation request implies them. */
export type FactType =
  | 'Token Used'
  | 'Subject Blocked'
  | 'Subject Unblocked'
  | 'Subject Limited'
  | 'Revocation Completed'
  | 'Revocation Refused'
  | 'Anomaly Detected'
  | 'Policy Changed'
  | 'Signing Keys Changed'
  | 'Security Event Received'
  | 'Verification Requested';

/** A fact for the audit, before the store assigns its ID: the event without `version` and `eventId`. */
export type AuditFact = {
  [Type in FactType]: {
    detailType: Type;
    detail: Omit<Extract<AuditEvent, { detailType: Type }>['detail'], 'version' | 'eventId'>;
  };
}[FactType];

/** Returns the fact that a subject is blocked. */
export function subjectBlocked(subject: string, block: Restriction): AuditFact {
  return { detailType: 'Subject Blocked', detail: { ...done(subject, block), until: iso(block.until) } };
}

/** Returns the fact that a block was lifted. */
export function subjectUnblocked(subject: string, lifted: LiftedBlock): AuditFact {
  return { detailType: 'Subject Unblocked', detail: done(subject, lifted) };
}

/** Returns the fact that a subject is limited to short-lived tokens. */
export function subjectLimited(subject: string, limit: Restriction & { lifetime: number }): AuditFact {
  const { until, lifetime } = limit;
  return { detailType: 'Subject Limited', detail: { ...done(subject, limit), until: iso(until), lifetime } };
}

function done(subject: string, { at, by, reason }: LiftedBlock) {
  return { time: iso(at), subject, by, ...(reason && { reason }) };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** The number of introspections of a token by one resource server with one result, in one minute. */
export interface Introspections {
  tokenId: string;
  subject: string;
  audience: string;
  /** The ARN of the resource server. */
  by: string;
  result: 'active' | 'revoked';
  /** The start of the minute, in milliseconds since the epoch. */
  minute: number;
  /** When the last of these introspections happened, in milliseconds since the epoch. */
  last: number;
  count: number;
}
