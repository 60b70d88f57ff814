import { text } from '../runtime/env-types.ts';
import { tellingEnv } from '../shared/telling-env.ts';

export const transmitSecurityEventsEnv = tellingEnv.extend({ DEAD_LETTER_QUEUE_URL: text, RECEIVER_URL: text });
