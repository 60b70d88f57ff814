import * as z from 'zod';
import { limits } from './limits.ts';
import { name } from './text.ts';

// Poll-based delivery of security event tokens (SETs): RFC 8936.

const jti = name.max(limits.jtiLength, { error: `must have at most ${limits.jtiLength} characters` });

/** Why a receiver does not accept a SET (RFC 8936, section 2.6). What else it says is passed over. */
const setError = z.object(
  {
    err: z
      .string({ error: 'must be an error code' })
      .regex(/^[A-Za-z0-9_-]{1,64}$/, { error: 'must be an error code' }),
    description: z.string({ error: 'must be text' }),
  },
  { error: 'must be an object with err and description' },
);

/** `POST /security-events/poll` (RFC 8936, section 2.2). */
export const securityEventPollRequest = z
  .strictObject({
    maxEvents: z
      .int({ error: 'must be a whole number' })
      .min(0, { error: 'must not be negative' })
      .optional()
      .meta({ description: `How many SETs are wanted: 0 for none. At most ${limits.polledEvents} are given.` }),
    returnImmediately: z.boolean({ error: 'must be true or false' }).optional().meta({
      description: 'Whether to answer although there is no SET: that is done in any case.',
    }),
    ack: z
      .array(jti, { error: 'must be an array of jti' })
      .max(limits.acknowledgements, { error: `must have at most ${limits.acknowledgements} entries` })
      .default([])
      .meta({ description: 'The `jti` of SETs that were received: they are given no more.' }),
    setErrs: z
      .record(jti, setError, {
        error: ({ code }) =>
          code === 'invalid_key' ? 'must have a jti for its name' : 'must be an object of errors by jti',
      })
      .refine((errors) => Object.keys(errors).length <= limits.polledEvents, {
        error: `must have at most ${limits.polledEvents} members`,
      })
      .default({})
      .meta({
        description:
          'The `jti` of SETs that are not accepted, each with `err` and `description`: they are given no more either.',
      }),
  })
  .meta({
    id: 'SecurityEventPollRequest',
    description: 'What a receiver that polls has received, and wants (RFC 8936).',
  });
export type SecurityEventPollRequest = z.infer<typeof securityEventPollRequest>;

/** The answer (RFC 8936, section 2.3). */
export const securityEventPollResponse = z
  .object({
    sets: z.record(z.string(), z.string()).meta({
      description: 'The SETs that are not acknowledged, by their `jti`, the oldest of them.',
    }),
    moreAvailable: z.boolean().meta({ description: 'Whether there are more than these.' }),
  })
  .meta({ id: 'SecurityEventPollResponse', description: 'What a receiver that polls is told.' });
export type SecurityEventPollResponse = z.infer<typeof securityEventPollResponse>;
