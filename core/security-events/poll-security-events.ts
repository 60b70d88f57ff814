import { limits } from '@tvm/contract/limits.ts';
import type { SecurityEventPollRequest, SecurityEventPollResponse } from '@tvm/contract/security-event-poll.ts';
import type { PendingSecurityEvents } from './ports.ts';
import { type ByPrincipal, ownedBy } from './receiver-streams.ts';

/** The names of the receivers that poll. */
export type PollingReceivers = ByPrincipal<string>;

export type PollSecurityEventsOutcome =
  | { kind: 'given'; receiver: string; response: SecurityEventPollResponse }
  /** The caller is none of the receivers that poll. */
  | { kind: 'no_receiver' };

/**
 * Gives a receiver the security event tokens that are kept for it, and keeps no longer what it has received or does not
 * accept (RFC 8936). What it does not acknowledge, it is given again.
 *
 * @param userArn the caller's ARN, as the gateway states it: it has what is kept for itself, and nothing else
 * @throws DependencyFault: what was to be kept no longer may be gone, or not; to ask again does no harm
 */
export async function pollSecurityEvents(
  { maxEvents = limits.polledEvents, ack, setErrs }: SecurityEventPollRequest,
  userArn: string,
  receivers: PollingReceivers,
  kept: PendingSecurityEvents,
): Promise<PollSecurityEventsOutcome> {
  const receiver = ownedBy(userArn, receivers);
  if (receiver === undefined) return { kind: 'no_receiver' };

  // First, so that the answer holds nothing of it.
  await kept.remove(receiver, [...new Set([...ack, ...Object.keys(setErrs)])]);
  const most = Math.min(maxEvents, limits.polledEvents);
  // One more than is given tells whether there is more.
  const found = await kept.oldest(receiver, most + 1);
  const sets = Object.fromEntries(found.slice(0, most).map(({ jti, set }) => [jti, set]));
  return { kind: 'given', receiver, response: { sets, moreAvailable: found.length > most } };
}
