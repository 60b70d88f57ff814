import type { AuditEvent } from '../contract/events.ts';

/** The events that may be no change of a record, a standing or an order, but facts of their own. */
export type FactType =
  | 'Token Used'
  | 'Revocation Completed'
  | 'Revocation Refused'
  | 'Anomaly Detected'
  | 'Policy Changed'
  | 'Signing Keys Changed'
  | 'Security Event Received';

/** A fact for the audit, before the store gives it an identity: the event without `version` and `eventId`. */
export type AuditFact = {
  [Type in FactType]: {
    detailType: Type;
    detail: Omit<Extract<AuditEvent, { detailType: Type }>['detail'], 'version' | 'eventId'>;
  };
}[FactType];

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
