import * as z from 'zod';
import { text } from '../runtime/env-types.ts';
import { revocationEnv } from '../shared/revocation-env.ts';

export const revokeTokensByEventEnv = revocationEnv.extend({
  /** The AWS account of this deployment. */
  ACCOUNT: text,
  /** Event sources that may request revocations, separated by commas; may be empty. */
  REVOCATION_SOURCES: z.string().transform((sources) => sources.split(',').filter(Boolean)),
  DEAD_LETTER_QUEUE_URL: text,
});
