import * as z from 'zod';
import { list, seconds, text } from '../runtime/env-types.ts';

export const reportUseEnv = z.object({
  ISSUER: text,
  TABLE_NAME: text,
  VERIFICATION_KEY_ARNS: list,
  RECORD_RETENTION: seconds,
});
