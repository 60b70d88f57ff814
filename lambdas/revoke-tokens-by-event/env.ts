import * as z from 'zod';
import { text } from '../env-types.ts';

export const revokeTokensByEventEnv = z.object({ TABLE_NAME: text });
