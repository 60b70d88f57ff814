import * as z from 'zod';
import { text } from '../runtime/env-types.ts';
import { orderingEnv } from '../shared/ordering-env.ts';

export const revokeTokensByEventEnv = orderingEnv.extend({
  /** The machine's own AWS account. */
  ACCOUNT: text,
  /** Sources of events whose requests are obeyed, separated by commas; there may be none. */
  REVOCATION_SOURCES: z.string().transform((sources) => sources.split(',').filter(Boolean)),
  DEAD_LETTER_QUEUE_URL: text,
});
