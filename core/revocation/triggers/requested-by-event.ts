import { REVOCATION_REQUESTED, revocationRequested } from '@tvm/contract/events.ts';
import * as z from 'zod';
import type { SubmittedRevocation } from '../requests/revocation-request.ts';
import { revocationsTriggeredBy, type TriggerSettings } from './index.ts';

/** The events that may revoke tokens. */
export interface EventRules {
  /** The AWS account of the service. */
  account: string;
  /** The sources that may send revocation requests. */
  sources: readonly string[];
  triggers: TriggerSettings;
}

/**
 * The envelope of every EventBridge event:
 * https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
const envelope = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  source: z.string().min(1).max(256),
  'detail-type': z.string().min(1),
  account: z.string(),
  detail: z.unknown(),
});

/** The revocations that an event requests, which may be none, or the reason why the event is rejected. */
export type EventRevocations = { revocations: SubmittedRevocation[] } | { problem: string };

/**
 * Returns the revocations that an EventBridge event requests, either as a revocation request or through a trigger.
 *
 * @param unverifiedEvent the event as EventBridge put it on the queue
 * @param requestedAt when EventBridge put it there (milliseconds). A redelivered event keeps this time and so selects the
 *   same tokens
 */
export function revocationsRequestedBy(
  unverifiedEvent: unknown,
  requestedAt: number,
  { account, sources, triggers }: EventRules,
): EventRevocations {
  const event = envelope.safeParse(unverifiedEvent);
  if (!event.success) return { problem: 'the event is not an EventBridge event' };
  const { id, source, 'detail-type': detailType, detail } = event.data;
  if (event.data.account !== account) return { problem: 'account must be the AWS account of the service' };

  const submitted = { by: source, requestedAt };
  if (detailType === REVOCATION_REQUESTED) {
    if (!sources.includes(source)) return { problem: 'source must be one that revocation_sources lists' };
    const requested = revocationRequested.safeParse(detail);
    if (!requested.success) return { problem: problemOf(requested.error) };
    return { revocations: [{ ...requested.data, ...submitted, revocationId: id }] };
  }
  const triggered = revocationsTriggeredBy(unverifiedEvent, triggers);
  if (triggered === undefined) return { revocations: [] };
  if ('problem' in triggered) return triggered;
  const { revocations } = triggered;
  // The revocation ID comes from the event ID, so that a second delivery is the same request.
  const idOf = (index: number) => (revocations.length === 1 ? id : `${id}-${index}`);
  // Events also concern workloads that never requested a token.
  const known = { ...submitted, allowUnknown: true };
  return {
    revocations: revocations.map((revocation, index) => ({ ...revocation, ...known, revocationId: idOf(index) })),
  };
}

/** Returns a message about the first problem of a detail. It quotes only property names of the schema, never input. */
function problemOf({ issues: [issue] }: z.ZodError): string {
  if (issue?.code === 'unrecognized_keys') return 'detail has an unknown property';
  return `${['detail', ...(issue?.path ?? [])].join('.')} ${issue?.message}`;
}
