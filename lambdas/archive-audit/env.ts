import * as z from 'zod';
import { text } from '../runtime/env-types.ts';

export const archiveAuditEnv = z.object({ TABLE_NAME: text, ARCHIVE_BUCKET: text });
