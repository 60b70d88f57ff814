import * as z from 'zod';
import { text } from '../env-types.ts';

export const revokeTokensByEventEnv = z.object({ TABLE_NAME: text, DEAD_LETTER_QUEUE_URL: text });
