import * as z from 'zod';
import { text } from '../runtime/env-types.ts';

export const liftBlockEnv = z.object({ TABLE_NAME: text });
