import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

/** What a function needs to know that orders tokens to be taken back. */
export const orderingEnv = z.object({
  TABLE_NAME: text,
  RECORD_RETENTION: seconds,
  BLOCK_FOR: seconds,
  REVOCATION_QUEUE_URL: text,
});
