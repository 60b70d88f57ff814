import * as z from 'zod';
import { text } from '../env-types.ts';

export const publishAuditEnv = z.object({ BUS_NAME: text, DEAD_LETTER_QUEUE_URL: text });
