import { limits } from '@tvm/contract/limits.ts';
import type { SecurityEventPollRequest, SecurityEventPollResponse } from '@tvm/contract/security-event-poll.ts';
import type { PendingSecurityEvents } from './ports.ts';
import { type ByPrincipal, ownedBy } from './receiver-streams.ts';

/** The names of the polling receivers. */
export type PollingReceivers = ByPrincipal<string>;

export type PollSecurityEventsOutcome =
  | { kind: 'given'; receiver: string; response: SecurityEventPollResponse }
  /** The caller is not a polling receiver. */
  | { kind: 'no_receiver' };

/**
 * Returns the pending security event tokens of a receiver, and removes those that it acknowledges or rejects (RFC
 * 8936). Tokens that are not acknowledged are returned again.
 *
 * @param userArn the caller's ARN, as the gateway states it; a receiver gets only its own tokens
 * @throws DependencyFault if the store fails; the acknowledged tokens may or may not be removed, and a retry is safe
 */
export async function pollSecurityEvents(
  { maxEvents = limits.polledEvents, ack, setErrs }: SecurityEventPollRequest,
  userArn: string,
  receivers: PollingReceivers,
  pending: PendingSecurityEvents,
): Promise<PollSecurityEventsOutcome> {
  const receiver = ownedBy(userArn, receivers);
  if (receiver === undefined) return { kind: 'no_receiver' };

  // Remove before reading, so that the response does not contain acknowledged tokens.
  await pending.remove(receiver, [...new Set([...ack, ...Object.keys(setErrs)])]);
  const most = Math.min(maxEvents, limits.polledEvents);
  // Read one token more than is returned, to learn whether there are more.
  const found = await pending.oldest(receiver, most + 1);
  const sets = Object.fromEntries(found.slice(0, most).map(({ jti, set }) => [jti, set]));
  return { kind: 'given', receiver, response: { sets, moreAvailable: found.length > most } };
}
