import type { AskedRevocation } from '@tvm/contract/revocation.ts';
import * as z from 'zod';

/** Which events a rule takes, as EventBridge reads it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html */
export interface TriggerPattern {
  /** Absent for events of one's own: those of a source that is not obeyed are refused and kept, not passed over. */
  source?: readonly string[];
  'detail-type': readonly string[];
  detail?: Record<string, unknown>;
}

/**
 * The envelope that EventBridge puts around whatever happens: it vouches for the account and for AWS's own sources.
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

/** An event in full, as its source documents it. */
export interface ExampleEvent extends TriggerEvent {
  version: string;
  id: string;
  time: string;
}

/** What an event takes back, none where it is not what the trigger is about; or what is wrong with it. */
export type Revoked = AskedRevocation[] | { problem: string };

/** Something that happens, and what it takes back. One file each. */
export interface Trigger<Settings> {
  /** Which events may say so. */
  pattern(settings: Settings): TriggerPattern;
  /** One of them, as its source documents it. */
  example: ExampleEvent;
  /** Reads one of them. */
  revokes(event: TriggerEvent, settings: Settings): Revoked;
}

interface TriggerDefinition<Settings, Detail> extends Omit<Trigger<Settings>, 'revokes'> {
  /** What is read of an event's detail; anything else in it is left alone. */
  detail: z.ZodType<Detail>;
  revokes(event: Omit<TriggerEvent, 'detail'> & { detail: Detail }, settings: Settings): Revoked;
}

/** A trigger whose events are read by a schema. */
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

/** The first thing that is wrong, in one sentence that names the member and quotes nothing. */
export function problemIn(error: z.ZodError, ...parents: string[]): string {
  const [issue] = error.issues;
  return `${[...parents, ...(issue?.path ?? [])].join('.')} ${issue?.message}`;
}

/** A role session's name, which AWS gives to what it runs: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html */
export const sessionName = z
  .string({ error: 'must be the name of a role session' })
  .regex(/^[\w+=,.@-]{2,64}$/, { error: 'must be the name of a role session: 2 to 64 letters, digits and +=,.@_-' });

/** The name of a role or a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
export const iamName = z
  .string({ error: 'must be the name of a role or user' })
  .regex(/^[\w+=,.@-]{1,64}$/, { error: 'must be the name of a role or user: at most 64 letters, digits and +=,.@_-' });
