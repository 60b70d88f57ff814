import * as z from 'zod';
import { seconds, text } from '../env-types.ts';

export const issueTokenEnv = z.object({
  ISSUER: text,
  TABLE_NAME: text,
  SIGNING_KEY_ARN: text,
  DEFAULT_LIFETIME: seconds,
  MAX_LIFETIME: seconds,
  RECORD_RETENTION: seconds,
});
