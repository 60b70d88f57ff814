import * as z from 'zod';
import { text } from '../runtime/env-types.ts';

export const pollSecurityEventsEnv = z.object({ TABLE_NAME: text });
