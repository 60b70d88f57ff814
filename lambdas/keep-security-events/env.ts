import { text } from '../runtime/env-types.ts';
import { transmitterEnv } from '../shared/transmitter-env.ts';

export const keepSecurityEventsEnv = transmitterEnv.extend({ TABLE_NAME: text });
