import { createHash } from 'node:crypto';
import type { SecurityEventClaims, SecurityEventErrorCode } from '@tvm/contract/security-event.ts';
import { name } from '@tvm/contract/text.ts';
import type { AuditFacts } from '../records/ports.ts';
import { type Placed, type PlaceOrderPorts, placeOrder } from '../revocation/orders/place-order.ts';
import type { Continuations } from '../revocation/orders/ports.ts';
import type { NotedSecurityEvent, ReceivedSecurityEvents } from './ports.ts';
import { type Asked, readSecurityEvent } from './read-security-event.ts';
import {
  namedIssuer,
  type SecurityEventRefusal,
  type Transmitter,
  verifySecurityEvent,
} from './verify-security-event.ts';

export interface ReceiveSecurityEventPorts extends PlaceOrderPorts {
  received: ReceivedSecurityEvents;
  continuations: Continuations;
  facts: AuditFacts;
}

export interface ReceivingRules {
  /** The machine's URL: how subjects name it. */
  issuer: string;
  transmitters: ReadonlyMap<string, Transmitter>;
  /** How long a revoked subject gets no new token, in seconds. */
  blockFor: number;
}

/** What came of a SET. */
export type ReceiveSecurityEventOutcome =
  | { kind: 'obeyed'; placed: Placed }
  /** There is nothing to do, or it was done when the SET came first. */
  | { kind: 'accepted' }
  | { kind: 'refused'; err: SecurityEventErrorCode; problem: string };

const HOUR = 3_600_000;

/**
 * Receives a security event token: verifies it, and takes back what its subject has.
 *
 * A SET is noted before it is obeyed, and noted as obeyed afterwards: one that comes again after a failure is gone on with,
 * as the same order; one that was obeyed is not obeyed again, and answered as it was (RFC 8935, section 2).
 *
 * @param unverified what was sent, bounded by the caller
 * @throws DependencyFault: the transmitter may send it again
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
  const asked = readSecurityEvent(verified.claims, rules.issuer);
  if (asked.kind === 'refused') return refuse(badRequest(asked.problem));
  if (asked.kind === 'nothing') return { kind: 'accepted' };

  const noted = await received.note(iss, jti, { digest, receivedAt: clock.now(), obeyed: false });
  if (noted.digest !== digest) return refuse(badRequest('jti is that of another security event token'));
  if (noted.obeyed) {
    await note(badRequest('it was received before, and obeyed then'), { from: iss, digest, now: clock.now() }, facts);
    return { kind: 'accepted' };
  }
  const placed = await obey(verified.claims, asked, noted, rules, ports);
  await received.obeyed(iss, jti);
  return { kind: 'obeyed', placed };
}

/** The order is the same whenever this is done again: its id, and the time that it goes back to. */
async function obey(
  { iss, jti }: SecurityEventClaims,
  { type, selector, reason }: Extract<Asked, { kind: 'revoke' }>,
  { receivedAt }: NotedSecurityEvent,
  { blockFor }: ReceivingRules,
  ports: ReceiveSecurityEventPorts,
): Promise<Placed> {
  const revocationId = uuidOf(`${iss} ${jti}`);
  const order = { revocationId, selector, reason, by: iss, askedAt: receivedAt };
  const placed = await placeOrder(order, { blockFor }, ports);
  // Somebody else carries it out: the transmitter is answered as soon as nothing can be lost (RFC 8935, section 2).
  if (placed.kind === 'order') await ports.continuations.goOnWith(revocationId, 0);
  const time = new Date(receivedAt).toISOString();
  await ports.facts.put(`security-event-${revocationId}`, {
    detailType: 'Security Event Received',
    detail: { time, issuer: iss, jti, type, revocationId },
  });
  return placed;
}

/**
 * Notes a refusal for the audit: of what a trusted transmitter signed, each once; of what anybody can send, each kind once
 * in an hour. So nobody fills the table who could not.
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
      problem: authenticated ? problem : `${problem}; noted once in an hour`,
    },
  });
}

function badRequest(problem: string): SecurityEventRefusal {
  return { err: 'invalid_request', problem, authenticated: true };
}

/** The digest of what is signed: a signature has several spellings. */
function digestOf(jws: string): string {
  const signature = jws.lastIndexOf('.');
  return createHash('sha256')
    .update(signature < 0 ? jws : jws.slice(0, signature))
    .digest('hex');
}

/** A UUID that is made of a text, of version 8 (RFC 9562, section 5.8). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
