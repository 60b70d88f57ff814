import type { RequestedRevocation } from '@tvm/contract/revocation.ts';
import * as z from 'zod';

/** An EventBridge event pattern: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html */
export interface TriggerPattern {
  /** Absent for custom events, so that an event from an unlisted source is rejected and stored, not ignored. */
  source?: readonly string[];
  'detail-type': readonly string[];
  detail?: Record<string, unknown>;
}

/**
 * The envelope of an EventBridge event. EventBridge guarantees the account, and the source of AWS's own events.
 * `detail` is not verified.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
 */
export const triggerEvent = z.object({
  source: z.string({ error: 'must be the source of an event' }),
  'detail-type': z.string({ error: 'must be the type of an event' }),
  account: z.string({ error: 'must be an account' }).regex(/^\d{12}$/, { error: 'must be an account of 12 digits' }),
  region: z.string({ error: 'must be a region' }).regex(/^[a-z0-9-]{1,32}$/, { error: 'must be a region' }),
  resources: z.array(z.string(), { error: 'must be an array of names' }).default([]),
  detail: z.unknown().optional(),
});
export type TriggerEvent = z.infer<typeof triggerEvent>;

/** A complete event, as documented by its source. */
export interface ExampleEvent extends TriggerEvent {
  version: string;
  id: string;
  time: string;
}

/**
 * The revocations that an event triggers, or the problem of a malformed event. Empty if the trigger ignores the event.
 */
export type TriggeredRevocations = RequestedRevocation[] | { problem: string };

/** A revocation trigger: a kind of event, and the revocations that it causes. Each trigger has its own file. */
export interface Trigger<Settings> {
  /** Returns the pattern of the events that the trigger reads. */
  pattern(settings: Settings): TriggerPattern;
  /** An example event, as documented by its source. */
  example: ExampleEvent;
  /** Returns the revocations that an event triggers. */
  revokes(event: TriggerEvent, settings: Settings): TriggeredRevocations;
}

interface TriggerDefinition<Settings, Detail> extends Omit<Trigger<Settings>, 'revokes'> {
  /** The schema of the properties that are read from the detail. */
  detail: z.ZodType<Detail>;
  revokes(event: Omit<TriggerEvent, 'detail'> & { detail: Detail }, settings: Settings): TriggeredRevocations;
}

/** Defines a trigger that validates the detail of its events with a schema. */
export function trigger<Detail, Settings = boolean>({
  detail: schema,
  revokes,
  ...rest
}: TriggerDefinition<Settings, Detail>): Trigger<Settings> {
  return {
    ...rest,
    revokes(event, settings) {
      const detail = schema.safeParse(event.detail);
      if (!detail.success) return { problem: problemIn(detail.error, 'detail') };
      return revokes({ ...event, detail: detail.data }, settings);
    },
  };
}

/** Returns a message about the first problem. It names the property and quotes no value. */
export function problemIn(error: z.ZodError, ...parents: string[]): string {
  const [issue] = error.issues;
  return `${[...parents, ...(issue?.path ?? [])].join('.')} ${issue?.message}`;
}

/** The name of a role session: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const sessionName = z
  .string({ error: 'must be the name of a role session' })
  .regex(/^[\w+=,.@-]{2,64}$/, { error: 'must be the name of a role session: 2 to 64 letters, digits and +=,.@_-' });

/** The name of a role or a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const iamName = z
  .string({ error: 'must be the name of a role or user' })
  .regex(/^[\w+=,.@-]{1,64}$/, { error: 'must be the name of a role or user: at most 64 letters, digits and +=,.@_-' });
