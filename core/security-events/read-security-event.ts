import {
  REVOKING_EVENTS,
  type SecurityEventClaims,
  type SimpleSubject,
  STREAM_EVENTS,
  securityEventSubject,
} from '@tvm/contract/security-event.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { isArn, subject as subjectName } from '@tvm/contract/subject.ts';
import { reason as reasonText, tokenId } from '@tvm/contract/text.ts';

/** The action that a security event requests. */
export type RequestedAction =
  | { kind: 'revoke'; type: string; selector: RevocationSelector; reason?: string }
  | { kind: 'nothing'; type: string }
  | { kind: 'refused'; problem: string };

/**
 * Returns the action that the claims of a verified security event token request: to revoke the tokens of the subject.
 *
 * The subject is a workload, by its subject (`iss_sub` with this service as issuer) or its ARN (`uri`); a token, by its ID (`jwt_id`
 * with this service as issuer, or `opaque`); or both (`complex` with `user` and `session`).
 *
 * @param issuer the URL of the service
 */
export function readSecurityEvent({ sub_id, events }: SecurityEventClaims, issuer: string): RequestedAction {
  const [[type, event] = ['', {}]] = Object.entries(events);
  if (STREAM_EVENTS.has(type)) return { kind: 'nothing', type };
  if (!REVOKING_EVENTS.has(type)) return refused('the event type is not supported');
  const subject = securityEventSubject.safeParse(sub_id);
  if (!subject.success) return refused('sub_id must be iss_sub, jwt_id, opaque, uri, or complex of user and session');

  const forms: (SimpleSubject | undefined)[] =
    subject.data.format === 'complex' ? [subject.data.user, subject.data.session] : [subject.data];
  const selectors = forms.flatMap((form) => (form === undefined ? [] : [selectorOf(form, issuer)]));
  if (selectors.length === 0) return refused('sub_id must name a user or a session');
  if (selectors.includes(undefined)) return refused('sub_id must name a workload or a token of this service');
  const selector: RevocationSelector = Object.assign({}, ...selectors);
  if (Object.keys(selector).length !== selectors.length)
    return refused('sub_id must name a user and a session of the user');
  const reason = reasonOf(event);
  return { kind: 'revoke', type, selector, ...(reason !== undefined && { reason }) };
}

/** Returns the selector of a subject, or `undefined` if it names neither a workload nor a token of this service. */
function selectorOf(subject: SimpleSubject, issuer: string): RevocationSelector | undefined {
  switch (subject.format) {
    case 'iss_sub':
      return subject.iss === issuer ? workload(subject.sub) : undefined;
    case 'uri':
      // A federated subject looks like a URI of another scheme, so only ARNs are accepted here.
      return isArn(subject.uri) ? workload(subject.uri) : undefined;
    case 'jwt_id':
      return subject.iss === issuer ? token(subject.jti) : undefined;
    case 'opaque':
      return token(subject.id);
  }
}

function workload(text: string): RevocationSelector | undefined {
  const subject = subjectName.safeParse(text);
  return subject.success ? { subject: subject.data } : undefined;
}

function token(id: string): RevocationSelector | undefined {
  return tokenId.safeParse(id).success ? { tokenId: id } : undefined;
}

/**
 * Returns the reason for the audit, if it is valid there: `reason_admin` in English, or in the first language given.
 */
function reasonOf({ reason_admin }: Record<string, unknown>): string | undefined {
  if (typeof reason_admin !== 'object' || reason_admin === null) return undefined;
  const texts = reason_admin as Record<string, unknown>;
  return reasonText.safeParse(texts.en ?? Object.values(texts)[0]).data;
}

function refused(problem: string): RequestedAction {
  return { kind: 'refused', problem };
}
