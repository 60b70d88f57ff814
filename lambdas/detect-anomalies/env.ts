import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

export const detectAnomaliesEnv = z.object({
  TABLE_NAME: text,
  RECORD_RETENTION: seconds,
  REVOCATION_QUEUE_URL: text,
});
