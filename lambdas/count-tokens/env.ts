import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

export const countTokensEnv = z.object({ TABLE_NAME: text, MAX_LIFETIME: seconds });
