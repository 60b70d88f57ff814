import * as z from 'zod';
import { limits } from './limits.ts';
import { name } from './text.ts';

// Poll-based delivery of security event tokens (SETs): RFC 8936.

const jti = name.max(limits.jtiLength, { error: `must have at most ${limits.jtiLength} characters` });

/** Why a receiver does not accept a SET (RFC 8936, section 2.6). Other members are ignored. */
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
      .meta({
        description: `Maximum number of SETs in the response; 0 for none. The service returns at most ${limits.polledEvents}.`,
      }),
    returnImmediately: z.boolean({ error: 'must be true or false' }).optional().meta({
      description: 'Whether to respond at once even if there is no SET. The service always does.',
    }),
    ack: z
      .array(jti, { error: 'must be an array of jti' })
      .max(limits.acknowledgements, { error: `must have at most ${limits.acknowledgements} entries` })
      .default([])
      .meta({ description: 'The `jti` of each SET that was received. It is not delivered again.' }),
    setErrs: z
      .record(jti, setError, {
        error: ({ code }) =>
          code === 'invalid_key' ? 'must have a jti as its name' : 'must be an object of errors by jti',
      })
      .refine((errors) => Object.keys(errors).length <= limits.polledEvents, {
        error: `must have at most ${limits.polledEvents} members`,
      })
      .default({})
      .meta({
        description:
          'The `jti` of each SET that is not accepted, with `err` and `description`. It is not delivered again.',
      }),
  })
  .meta({
    id: 'SecurityEventPollRequest',
    description: 'What a polling receiver acknowledges and requests (RFC 8936).',
  });
export type SecurityEventPollRequest = z.infer<typeof securityEventPollRequest>;

/** The response of `POST /security-events/poll` (RFC 8936, section 2.3). */
export const securityEventPollResponse = z
  .object({
    sets: z.record(z.string(), z.string()).meta({
      description: 'SETs by `jti`: the oldest of those that are not acknowledged.',
    }),
    moreAvailable: z.boolean().meta({ description: 'Whether more SETs are waiting.' }),
  })
  .meta({ id: 'SecurityEventPollResponse', description: 'The SETs for a polling receiver (RFC 8936).' });
export type SecurityEventPollResponse = z.infer<typeof securityEventPollResponse>;
