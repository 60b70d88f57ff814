import * as z from 'zod';
import { seconds, text } from '../env-types.ts';

export const indexTokensEnv = z.object({ TABLE_NAME: text, RECORD_RETENTION: seconds });
