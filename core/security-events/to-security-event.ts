import { createHash } from 'node:crypto';
import type { AuditEvent } from '@tvm/contract/events.ts';
import {
  SESSION_REVOKED,
  type SecurityEventSubject,
  type SimpleSubject,
  TOKEN_CLAIMS_CHANGE,
  type TransmittedClaims,
  VERIFICATION,
} from '@tvm/contract/security-event.ts';
import { isArn } from '@tvm/contract/subject.ts';

/** The issuer and the receiver of a security event. */
export interface SecurityEventStream {
  /** The URL of the service. */
  issuer: string;
  receiver: { name: string; audience: string };
}

/**
 * Converts an audit event to the security event for a receiver.
 *
 * - A revoked token becomes a revoked session.
 * - A blocked subject becomes the revocation of all its sessions.
 * - A delayed revocation of a whole subject becomes a change of the `exp` of its tokens.
 * - A verification request becomes a verification event for the receiver that requested it.
 *
 * All claims, including the times, come from the audit event, so that the same event always yields the same security
 * event token.
 *
 * @returns the claims of the token, or `undefined` if the event is not sent to receivers
 */
export function toSecurityEvent(
  event: AuditEvent,
  { issuer, receiver }: SecurityEventStream,
): TransmittedClaims | undefined {
  const content = contentOf(event, issuer, receiver.name);
  if (content === undefined) return undefined;
  const { eventId, time } = event.detail;
  const iat = seconds(time);
  // The hash also covers the content. With the event ID alone, an event with other content would get the same `jti`.
  const id = createHash('sha256').update(JSON.stringify([eventId, receiver.name, content]));
  return {
    iss: issuer,
    // Starts with the time, because polling receivers get the oldest events first.
    jti: `${iat}-${id.digest('hex').slice(0, 32)}`,
    iat,
    aud: receiver.audience,
    txn: content.cause ?? eventId,
    sub_id: content.subject,
    events: content.events,
  };
}

/** The content of a security event: its subject, its events, and the ID of the revocation that caused it. */
interface Content {
  subject: SecurityEventSubject;
  events: TransmittedClaims['events'];
  cause?: string | undefined;
}

function contentOf({ detailType, detail }: AuditEvent, issuer: string, receiver: string): Content | undefined {
  switch (detailType) {
    case 'Token Revoked': {
      const { tokenId, subject, revokedAt, revokedBy, revocationReason, revocationId } = detail;
      const session: SimpleSubject = { format: 'jwt_id', iss: issuer, jti: tokenId };
      return {
        subject: { format: 'complex', user: userOf(subject, issuer), session },
        events: { [SESSION_REVOKED]: eventOf(revokedAt, revokedBy, subject, revocationReason) },
        cause: revocationId,
      };
    }
    case 'Subject Blocked': {
      const { time, subject, by, reason } = detail;
      return {
        subject: userOf(subject, issuer),
        events: { [SESSION_REVOKED]: eventOf(time, by, subject, reason) },
      };
    }
    case 'Revocation Ordered': {
      const { time, selector, from, by, reason, revocationId } = detail;
      const { subject, ...others } = selector;
      if (from === undefined || subject === undefined || Object.keys(others).length > 0) return undefined;
      const change = { ...eventOf(time, by, subject, reason), claims: { exp: seconds(from) } };
      return { subject: userOf(subject, issuer), events: { [TOKEN_CLAIMS_CHANGE]: change }, cause: revocationId };
    }
    case 'Verification Requested': {
      if (detail.receiver !== receiver) return undefined;
      const { state } = detail;
      return {
        subject: { format: 'opaque', id: receiver },
        events: { [VERIFICATION]: { ...(state !== undefined && { state }) } },
      };
    }
    default:
      return undefined;
  }
}

/** Returns the subject identifier of a workload, with the `sub` of its tokens. */
function userOf(subject: string, issuer: string): SimpleSubject {
  return { format: 'iss_sub', iss: issuer, sub: subject };
}

/** Returns the common claims of an event. @param by the ARN or subject of the initiator, or the source of an event */
function eventOf(time: string, by: string, subject: string, reason = 'no reason was given') {
  return { event_timestamp: seconds(time), initiating_entity: initiator(by, subject), reason_admin: { en: reason } };
}

function initiator(by: string, subject: string): 'user' | 'admin' | 'system' {
  if (by === subject) return 'user';
  // Only AWS callers administer the service. A source such as `tvm:anomaly/…` resembles a federated subject.
  return isArn(by) ? 'admin' : 'system';
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
