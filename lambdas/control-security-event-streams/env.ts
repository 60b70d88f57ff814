import * as z from 'zod';
import { seconds, text } from '../runtime/env-types.ts';

export const controlSecurityEventStreamsEnv = z.object({ ISSUER: text, TABLE_NAME: text, RECORD_RETENTION: seconds });
