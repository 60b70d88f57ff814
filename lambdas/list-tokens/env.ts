import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

export const listTokensEnv = z.object({
  ISSUER: text,
  TABLE_NAME: text,
  /** The key for the MAC of cursors. */
  CURSOR_KEY_ARN: text,
  MAX_LIFETIME: seconds,
});
