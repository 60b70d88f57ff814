import * as z from 'zod';
import { count, seconds, text } from '../runtime/env-types.ts';

export const updateStatusListsEnv = z.object({
  ISSUER: text,
  STATUS_LIST_TABLE: text,
  STATUS_LIST_SIZE: count,
  STATUS_LIST_TTL: seconds,
  STATUS_LIST_VALIDITY: seconds,
  STATUS_LIST_KEY_ARN: text,
});
