import { text } from '../runtime/env-types.ts';
import { tellingEnv } from '../shared/telling-env.ts';

export const keepSecurityEventsEnv = tellingEnv.extend({ TABLE_NAME: text });
