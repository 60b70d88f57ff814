import * as z from 'zod';
import { text } from '../runtime/env-types.ts';

export const serveAuditKeysEnv = z.object({ AUDIT_KEY_ARN: text });
