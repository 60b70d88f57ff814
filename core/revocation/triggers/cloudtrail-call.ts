import * as z from 'zod';
import { problemIn, type Trigger, type TriggerEvent, type TriggeredRevocations, trigger } from './trigger.ts';

/** The properties of a CloudTrail record that are read. */
const call = z.object({
  eventSource: z
    .string({ error: 'must be the host of an API' })
    .max(256, { error: 'must have at most 256 characters' }),
  eventName: z.string({ error: 'must be the name of a call' }).max(256, { error: 'must have at most 256 characters' }),
  /** Present if the call failed. */
  errorCode: z.unknown().optional(),
  recipientAccountId: z.string({ error: 'must be an account' }).optional(),
  requestParameters: z.unknown().optional(),
  userIdentity: z.unknown().optional(),
});

interface CallDefinition<Parameters, Settings> {
  /** The source of the event: `aws.` and the service. */
  source: string;
  eventSource: string;
  calls: readonly [string, ...string[]];
  /** A further pattern for the detail of the event. */
  pattern?: (settings: Settings) => Record<string, unknown>;
  parameters: z.ZodType<Parameters>;
  example: { id: string; time: string; account: string; region: string; detail: Record<string, unknown> };
  /** @param caller the caller's `userIdentity`, not validated */
  revokes(parameters: Parameters, event: TriggerEvent, caller: unknown, settings: Settings): TriggeredRevocations;
}

/**
 * Defines a trigger for a successful call of an AWS API, which CloudTrail sends to EventBridge. Failed calls are
 * ignored.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
 */
export function cloudTrailCall<Parameters, Settings = boolean>(
  definition: CallDefinition<Parameters, Settings>,
): Trigger<Settings> {
  const { source, eventSource, calls, pattern, parameters, revokes, example } = definition;
  const type = 'AWS API Call via CloudTrail';
  return trigger({
    pattern: (settings: Settings) => ({
      source: [source],
      'detail-type': [type],
      detail: { eventSource: [eventSource], eventName: calls, errorCode: [{ exists: false }], ...pattern?.(settings) },
    }),
    example: { version: '0', source, 'detail-type': type, resources: [], ...example },
    detail: call,
    revokes(event, settings) {
      const { detail } = event;
      const other = detail.eventSource !== eventSource || !calls.includes(detail.eventName);
      if (other || (detail.errorCode !== undefined && detail.errorCode !== null)) return [];
      if (detail.recipientAccountId !== undefined && detail.recipientAccountId !== event.account) {
        return { problem: 'detail.recipientAccountId must be the event’s own account' };
      }
      const read = parameters.safeParse(detail.requestParameters);
      if (!read.success) return { problem: problemIn(read.error, 'detail', 'requestParameters') };
      return revokes(read.data, event, detail.userIdentity, settings);
    },
  });
}
