import type { AuditEvent } from '@tvm/contract/events.ts';
import type { Lifted, Restriction } from './subject-status.ts';

/** The events that need not follow from a change of a record or an order: facts of their own. */
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

/** A fact for the audit, before the store gives it an identity: the event without `version` and `eventId`. */
export type AuditFact = {
  [Type in FactType]: {
    detailType: Type;
    detail: Omit<Extract<AuditEvent, { detailType: Type }>['detail'], 'version' | 'eventId'>;
  };
}[FactType];

/** The fact that a subject gets no token for a time. */
export function subjectBlocked(subject: string, block: Restriction): AuditFact {
  return { detailType: 'Subject Blocked', detail: { ...done(subject, block), until: iso(block.until) } };
}

/** The fact that a subject may have tokens again. */
export function subjectUnblocked(subject: string, lifted: Lifted): AuditFact {
  return { detailType: 'Subject Unblocked', detail: done(subject, lifted) };
}

/** The fact that a subject gets short tokens alone for a time. */
export function subjectLimited(subject: string, limit: Restriction & { lifetime: number }): AuditFact {
  const { until, lifetime } = limit;
  return { detailType: 'Subject Limited', detail: { ...done(subject, limit), until: iso(until), lifetime } };
}

function done(subject: string, { at, by, reason }: Lifted) {
  return { time: iso(at), subject, by, ...(reason && { reason }) };
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** How often a resource server was told the same of a token in one minute. */
export interface Introspections {
  tokenId: string;
  subject: string;
  audience: string;
  /** The ARN of the resource server. */
  by: string;
  result: 'active' | 'revoked';
  /** The minute it began in and the moment of the last, in milliseconds. */
  minute: number;
  last: number;
  count: number;
}
