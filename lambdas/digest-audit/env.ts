import * as z from 'zod';
import { text } from '../runtime/env-types.ts';

export const digestAuditEnv = z.object({ ARCHIVE_BUCKET: text, AUDIT_KEY_ARN: text });
