import { DependencyFault } from '../../ports.ts';
import type { Continuations } from './ports.ts';
import { dueAt, type RevocationState, SETTLING, type SubmittedRevocation } from './revocation-request.ts';
import { type RunRevocationPorts, runRevocation } from './run-revocation.ts';
import { type SubmitRevocationPorts, submitRevocation } from './submit-revocation.ts';

export interface RevokeTokensPorts extends SubmitRevocationPorts, RunRevocationPorts {
  continuations: Continuations;
}

/** The progress of a revocation. */
export interface Revoked {
  /** Absent for a single token, whose revocation is completed at once. */
  revocationId?: string;
  done: boolean;
  revoked: number;
  /** The end of the subject's block (milliseconds). */
  blockedUntil?: number;
}

/** How long a caller waits for a revocation, in milliseconds. Most revocations complete within this time. */
const WHILE_WAITING = SETTLING + 2_000;

/** When the queue continues the revocation, in seconds. The caller has received its response by then. */
const AFTERWARDS = WHILE_WAITING / 1000 + 1;

/**
 * Revokes tokens for a few seconds while the caller waits. The queue continues with the rest, even if this call
 * crashes.
 *
 * @param rules.blockFor the default block of a revoked subject, in seconds
 */
export async function revokeTokens(
  submitted: SubmittedRevocation,
  rules: { blockFor: number },
  ports: RevokeTokensPorts,
): Promise<Revoked> {
  const { revocationId, selector } = submitted;
  const until = ports.clock.now() + WHILE_WAITING;
  if (selector.tokenId === undefined) await ports.continuations.schedule(revocationId, AFTERWARDS);
  const submission = await submitRevocation(submitted, rules, ports);
  if (submission.kind === 'one_token') return { done: true, revoked: submission.revoked };
  const blocked = submission.blockedUntil === undefined ? {} : { blockedUntil: submission.blockedUntil };
  try {
    const order = (await runRevocation(revocationId, until, ports)) ?? submission.order;
    return { ...progressOf(order), ...blocked };
  } catch (error) {
    // The request is stored, and the queue retries it. A permanent failure ends in the dead-letter queue.
    if (!(error instanceof DependencyFault)) throw error;
    return { revocationId, done: false, revoked: submission.order.revoked, ...blocked };
  }
}

/** Returns the progress of a revocation request. */
export function progressOf(order: RevocationState): Revoked {
  const { revocationId, revoked } = order;
  return { revocationId, done: dueAt(order) === undefined, revoked };
}

/**
 * Continues revocation requests until the deadline, and schedules the rest of those that are not completed by then.
 *
 * @param deadline milliseconds since the epoch; no page starts after it
 * @returns the state of each request that exists
 */
export async function continueRevocations(
  revocationIds: readonly string[],
  deadline: number,
  ports: RevokeTokensPorts,
): Promise<RevocationState[]> {
  const orders: RevocationState[] = [];
  for (const revocationId of revocationIds) {
    const order = await runRevocation(revocationId, deadline, ports);
    const due = order && dueAt(order);
    if (order !== undefined) orders.push(order);
    if (due !== undefined) await ports.continuations.schedule(revocationId, (due - ports.clock.now()) / 1000);
  }
  return orders;
}
