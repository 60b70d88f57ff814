import { REVOCATION_REQUESTED, revocationRequested } from '@tvm/contract/events.ts';
import * as z from 'zod';
import type { Asking } from '../orders/order.ts';
import { type TriggerSettings, whatHappened } from './index.ts';

/** Whose events are obeyed. */
export interface EventRules {
  /** The machine's own AWS account. */
  account: string;
  /** Sources whose requests to revoke are obeyed. */
  sources: readonly string[];
  triggers: TriggerSettings;
}

/** What EventBridge puts around every event: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
const envelope = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  source: z.string().min(1).max(256),
  'detail-type': z.string().min(1),
  account: z.string(),
  detail: z.unknown(),
});

/** What an event asks to take back, nothing where it is about something else; or why it is not obeyed, in a sentence. */
export type AskedByEvent = { askings: Asking[] } | { problem: string };

/**
 * What an event of EventBridge asks to take back: by itself, or because something happened.
 *
 * @param unverifiedEvent as EventBridge put it on the queue
 * @param askedAt when it did (milliseconds): delivered again, the event means the tokens of then
 */
export function askedByEvent(
  unverifiedEvent: unknown,
  askedAt: number,
  { account, sources, triggers }: EventRules,
): AskedByEvent {
  const event = envelope.safeParse(unverifiedEvent);
  if (!event.success) return { problem: 'it is no event of EventBridge' };
  const { id, source, 'detail-type': detailType, detail } = event.data;
  if (event.data.account !== account) return { problem: 'it is of another AWS account than the machine’s' };

  const asking = { by: source, askedAt };
  if (detailType === REVOCATION_REQUESTED) {
    if (!sources.includes(source)) return { problem: 'its source is none that revocation_sources names' };
    const requested = revocationRequested.safeParse(detail);
    if (!requested.success) return { problem: problemOf(requested.error) };
    return { askings: [{ ...requested.data, ...asking, revocationId: id }] };
  }
  const happened = whatHappened(unverifiedEvent, triggers);
  if (happened === undefined) return { askings: [] };
  if ('problem' in happened) return happened;
  const { revocations } = happened;
  // The event's id names the order, so that a second delivery is the same one.
  const named = (index: number) => (revocations.length === 1 ? id : `${id}-${index}`);
  // What happens to workloads concerns also those that never asked for a token.
  const known = { ...asking, allowUnknown: true };
  return { askings: revocations.map((asked, index) => ({ ...asked, ...known, revocationId: named(index) })) };
}

/** The first thing that is wrong with a detail. It quotes nothing but the names of members that the schema has. */
function problemOf({ issues: [issue] }: z.ZodError): string {
  if (issue?.code === 'unrecognized_keys') return 'its detail has a member that is not known';
  return `${['detail', ...(issue?.path ?? [])].join('.')} ${issue?.message}`;
}
