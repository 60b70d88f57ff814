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

/** Whom it is told, and by whom. */
export interface Telling {
  /** The machine's URL. */
  issuer: string;
  receiver: { name: string; audience: string };
}

/**
 * The security event that an audit event is to a receiver.
 *
 * - A token was taken back: its session is revoked.
 * - A subject is blocked: every session of it is.
 * - All tokens of a subject are to be taken back later: their `exp` changes.
 * - The receiver asked for a verification: its stream works.
 *
 * All of it comes from the audit event, times too: the same event is always the same security event token.
 *
 * @returns the claims of its token; `undefined` of an event that receivers are not told
 */
export function securityEventOf(event: AuditEvent, { issuer, receiver }: Telling): TransmittedClaims | undefined {
  const told = tell(event, issuer, receiver.name);
  if (told === undefined) return undefined;
  const { eventId, time } = event.detail;
  const iat = seconds(time);
  // Of what is told, too: by its id alone, one event could be told in the place of another.
  const id = createHash('sha256').update(JSON.stringify([eventId, receiver.name, told]));
  return {
    iss: issuer,
    // In the order of time: who polls is given the oldest first.
    jti: `${iat}-${id.digest('hex').slice(0, 32)}`,
    iat,
    aud: receiver.audience,
    txn: told.cause ?? eventId,
    sub_id: told.subject,
    events: told.events,
  };
}

interface Told {
  subject: SecurityEventSubject;
  events: TransmittedClaims['events'];
  cause?: string | undefined;
}

function tell({ detailType, detail }: AuditEvent, issuer: string, receiver: string): Told | undefined {
  switch (detailType) {
    case 'Token Revoked': {
      const { tokenId, subject, revokedAt, revokedBy, revocationReason, revocationId } = detail;
      const session: SimpleSubject = { format: 'jwt_id', iss: issuer, jti: tokenId };
      return {
        subject: { format: 'complex', user: userOf(subject, issuer), session },
        events: { [SESSION_REVOKED]: whatHappened(revokedAt, revokedBy, subject, revocationReason) },
        cause: revocationId,
      };
    }
    case 'Subject Blocked': {
      const { time, subject, by, reason } = detail;
      return {
        subject: userOf(subject, issuer),
        events: { [SESSION_REVOKED]: whatHappened(time, by, subject, reason) },
      };
    }
    case 'Revocation Ordered': {
      const { time, selector, from, by, reason, revocationId } = detail;
      const { subject, ...others } = selector;
      if (from === undefined || subject === undefined || Object.keys(others).length > 0) return undefined;
      const change = { ...whatHappened(time, by, subject, reason), claims: { exp: seconds(from) } };
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

/** The workload, as its tokens name it. */
function userOf(subject: string, issuer: string): SimpleSubject {
  return { format: 'iss_sub', iss: issuer, sub: subject };
}

/** @param by the ARN of who did it, or the source of an event */
function whatHappened(time: string, by: string, subject: string, reason = 'no reason was given') {
  return { event_timestamp: seconds(time), initiating_entity: initiator(by, subject), reason_admin: { en: reason } };
}

function initiator(by: string, subject: string): 'user' | 'admin' | 'system' {
  if (by === subject) return 'user';
  return by.startsWith('arn:') ? 'admin' : 'system';
}

function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}
