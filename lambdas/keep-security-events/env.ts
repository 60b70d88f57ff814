import { text } from '../env-types.ts';
import { tellingEnv } from '../telling-env.ts';

export const keepSecurityEventsEnv = tellingEnv.extend({ TABLE_NAME: text });
