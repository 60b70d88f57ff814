import * as z from 'zod';
import { text } from '../runtime/env-types.ts';

export const publishAuditEnv = z.object({ TABLE_NAME: text, BUS_NAME: text, DEAD_LETTER_QUEUE_URL: text });
