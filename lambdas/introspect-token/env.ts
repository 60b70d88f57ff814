import * as z from 'zod';
import { list, text } from '../runtime/env-types.ts';

export const introspectTokenEnv = z.object({ ISSUER: text, TABLE_NAME: text, VERIFICATION_KEY_ARNS: list });
