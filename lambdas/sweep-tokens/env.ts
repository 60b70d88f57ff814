import * as z from 'zod';
import { list, seconds, text } from '../runtime/env-types.ts';

export const sweepTokensEnv = z.object({
  TABLE_NAME: text,
  RECORD_RETENTION: seconds,
  POLICY_BUNDLE: text,
  /** The current signing key first. */
  KEY_ARNS: list,
});
