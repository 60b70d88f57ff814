import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

/** The environment of the functions that submit revocation requests. */
export const revocationEnv = z.object({
  TABLE_NAME: text,
  RECORD_RETENTION: seconds,
  BLOCK_FOR: seconds,
  REVOCATION_QUEUE_URL: text,
});
