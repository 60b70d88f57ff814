import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

/** The environment of the functions that evaluate token requests. */
export const decisionEnv = z.object({
  TABLE_NAME: text,
  DEFAULT_LIFETIME: seconds,
  DEFAULT_WRITE_LIFETIME: seconds,
  MAX_LIFETIME: seconds,
});
