import {
  REVOKING_EVENTS,
  type SecurityEventClaims,
  type SimpleSubject,
  STREAM_EVENTS,
  securityEventSubject,
} from '@tvm/contract/security-event.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { subject as subjectArn } from '@tvm/contract/subject.ts';
import { reason as reasonText, tokenId } from '@tvm/contract/text.ts';

/** What a security event asks of the machine. */
export type Asked =
  | { kind: 'revoke'; type: string; selector: RevocationSelector; reason?: string }
  | { kind: 'nothing'; type: string }
  | { kind: 'refused'; problem: string };

/**
 * What the claims of a verified security event token ask of the machine: to take back the tokens of its subject.
 *
 * The subject is a workload, by its ARN (`iss_sub` of this machine, or `uri`), or one token, by its id (`jwt_id` of this
 * machine, or `opaque`), or both (`complex` with `user` and `session`).
 *
 * @param issuer the machine's URL
 */
export function readSecurityEvent({ sub_id, events }: SecurityEventClaims, issuer: string): Asked {
  const [[type, event] = ['', {}]] = Object.entries(events);
  if (STREAM_EVENTS.has(type)) return { kind: 'nothing', type };
  if (!REVOKING_EVENTS.has(type)) return refused('the type of the event is not understood here');
  const subject = securityEventSubject.safeParse(sub_id);
  if (!subject.success) return refused('sub_id must be iss_sub, jwt_id, opaque, uri, or complex of user and session');

  const forms: (SimpleSubject | undefined)[] =
    subject.data.format === 'complex' ? [subject.data.user, subject.data.session] : [subject.data];
  const picks = forms.flatMap((form) => (form === undefined ? [] : [pickedBy(form, issuer)]));
  if (picks.length === 0) return refused('sub_id must name a user or a session');
  if (picks.includes(undefined)) return refused('sub_id names neither a workload nor a token of this machine');
  const selector: RevocationSelector = Object.assign({}, ...picks);
  if (Object.keys(selector).length !== picks.length) return refused('sub_id must name a user and a session of it');
  const reason = reasonOf(event);
  return { kind: 'revoke', type, selector, ...(reason !== undefined && { reason }) };
}

/** @returns `undefined` where it names nothing that this machine knows */
function pickedBy(subject: SimpleSubject, issuer: string): RevocationSelector | undefined {
  switch (subject.format) {
    case 'iss_sub':
      return subject.iss === issuer ? workload(subject.sub) : undefined;
    case 'uri':
      return workload(subject.uri);
    case 'jwt_id':
      return subject.iss === issuer ? token(subject.jti) : undefined;
    case 'opaque':
      return token(subject.id);
  }
}

function workload(arn: string): RevocationSelector | undefined {
  const subject = subjectArn.safeParse(arn);
  return subject.success ? { subject: subject.data } : undefined;
}

function token(id: string): RevocationSelector | undefined {
  return tokenId.safeParse(id).success ? { tokenId: id } : undefined;
}

/** Why, for the audit, if that can stand there: `reason_admin` in English, or in the language that is there. */
function reasonOf({ reason_admin }: Record<string, unknown>): string | undefined {
  if (typeof reason_admin !== 'object' || reason_admin === null) return undefined;
  const texts = reason_admin as Record<string, unknown>;
  return reasonText.safeParse(texts.en ?? Object.values(texts)[0]).data;
}

function refused(problem: string): Asked {
  return { kind: 'refused', problem };
}
