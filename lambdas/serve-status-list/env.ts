import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

export const serveStatusListEnv = z.object({
  ISSUER: text,
  STATUS_LIST_TABLE: text,
  STATUS_LIST_TTL: seconds,
  STATUS_LIST_KEY_ARN: text,
});
