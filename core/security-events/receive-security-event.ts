import { createHash } from 'node:crypto';
import type { SecurityEventClaims, SecurityEventErrorCode } from '@tvm/contract/security-event.ts';
import { name } from '@tvm/contract/text.ts';
import type { AuditFacts } from '../records/ports.ts';
import type { Continuations } from '../revocation/requests/ports.ts';
import {
  type Submission,
  type SubmitRevocationPorts,
  submitRevocation,
} from '../revocation/requests/submit-revocation.ts';
import type { NotedSecurityEvent, ReceivedSecurityEvents } from './ports.ts';
import { type RequestedAction, readSecurityEvent } from './read-security-event.ts';
import {
  namedIssuer,
  type SecurityEventRefusal,
  type Transmitter,
  verifySecurityEvent,
} from './verify-security-event.ts';

export interface ReceiveSecurityEventPorts extends SubmitRevocationPorts {
  received: ReceivedSecurityEvents;
  continuations: Continuations;
  facts: AuditFacts;
}

export interface ReceivingRules {
  /** The URL of the service, which subjects name as their issuer. */
  issuer: string;
  transmitters: ReadonlyMap<string, Transmitter>;
  /** How long a revoked subject is blocked, in seconds. */
  blockFor: number;
}

/** The outcome of receiving a SET. */
export type ReceiveSecurityEventOutcome =
  | { kind: 'revoked'; submission: Submission }
  /** The SET requests no revocation, or was processed before. */
  | { kind: 'accepted' }
  | { kind: 'refused'; err: SecurityEventErrorCode; problem: string };

const HOUR = 3_600_000;

/**
 * Receives a security event token (SET): verifies it, and revokes the tokens of its subject.
 *
 * The SET is stored before the revocation is submitted, and marked as processed afterwards. A SET that is sent again
 * after a failure continues with the same revocation request. A SET that was processed is not processed again, and gets
 * the same response (RFC 8935, section 2).
 *
 * @param unverified the SET as received; the caller bounds its size
 * @throws DependencyFault if a dependency fails; the transmitter may send the SET again
 */
export async function receiveSecurityEvent(
  unverified: string,
  rules: ReceivingRules,
  ports: ReceiveSecurityEventPorts,
): Promise<ReceiveSecurityEventOutcome> {
  const { received, facts, clock } = ports;
  const verified = await verifySecurityEvent(unverified, rules.transmitters, clock.now());
  const digest = digestOf(unverified);
  const refuse = async (refusal: SecurityEventRefusal) => {
    await note(refusal, { from: namedIssuer(unverified), digest, now: clock.now() }, facts);
    return { kind: 'refused' as const, err: refusal.err, problem: refusal.problem };
  };
  if (!verified.ok) return refuse(verified.refusal);
  const { iss, jti } = verified.claims;
  const requested = readSecurityEvent(verified.claims, rules.issuer);
  if (requested.kind === 'refused') return refuse(badRequest(requested.problem));
  if (requested.kind === 'nothing') return { kind: 'accepted' };

  const noted = await received.note(iss, jti, { digest, receivedAt: clock.now(), obeyed: false });
  if (noted.digest !== digest) return refuse(badRequest('another security event token has the same jti'));
  if (noted.obeyed) {
    await note(badRequest('it was received and processed before'), { from: iss, digest, now: clock.now() }, facts);
    return { kind: 'accepted' };
  }
  const submission = await revoke(verified.claims, requested, noted, rules, ports);
  await received.markProcessed(iss, jti);
  return { kind: 'revoked', submission };
}

/** Submits the revocation. Idempotent: a retry has the same revocation ID and the same time. */
async function revoke(
  { iss, jti }: SecurityEventClaims,
  { type, selector, reason }: Extract<RequestedAction, { kind: 'revoke' }>,
  { receivedAt }: NotedSecurityEvent,
  { blockFor }: ReceivingRules,
  ports: ReceiveSecurityEventPorts,
): Promise<Submission> {
  const revocationId = uuidOf(`${iss} ${jti}`);
  const order = { revocationId, selector, reason, by: iss, requestedAt: receivedAt };
  const submission = await submitRevocation(order, { blockFor }, ports);
  // The queue runs the revocation, so that the transmitter gets its response once the request is stored (RFC 8935,
  // section 2).
  if (submission.kind === 'order') await ports.continuations.schedule(revocationId, 0);
  const time = new Date(receivedAt).toISOString();
  await ports.facts.put(`security-event-${revocationId}`, {
    detailType: 'Security Event Received',
    detail: { time, issuer: iss, jti, type, revocationId },
  });
  return submission;
}

/**
 * Records a refusal in the audit. A SET from a trusted transmitter is recorded once for each problem. For any other
 * SET, each kind of error is recorded once in an hour, so that unauthenticated senders cannot fill the table.
 */
async function note(
  { err, problem, authenticated }: SecurityEventRefusal,
  { from, digest, now }: { from: string | undefined; digest: string; now: number },
  facts: AuditFacts,
): Promise<void> {
  const hour = new Date(now - (now % HOUR)).toISOString();
  const id = authenticated ? `${digest}-${digestOf(problem)}` : `${err}-${hour}`;
  await facts.put(`security-event-refused-${id}`, {
    detailType: 'Revocation Refused',
    detail: {
      time: new Date(now).toISOString(),
      via: 'security_event',
      from: name.safeParse(from).data ?? 'unreadable',
      problem: authenticated ? problem : `${problem}; recorded once in an hour`,
    },
  });
}

function badRequest(problem: string): SecurityEventRefusal {
  return { err: 'invalid_request', problem, authenticated: true };
}

/** Returns the digest of the signing input. It leaves out the signature, which has several valid encodings. */
function digestOf(jws: string): string {
  const signature = jws.lastIndexOf('.');
  return createHash('sha256')
    .update(signature < 0 ? jws : jws.slice(0, signature))
    .digest('hex');
}

/** Returns a UUID version 8 that is derived from a text (RFC 9562, section 5.8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
