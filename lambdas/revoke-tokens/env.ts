import * as z from 'zod';
import { text } from '../env-types.ts';

export const revokeTokensEnv = z.object({ TABLE_NAME: text });
