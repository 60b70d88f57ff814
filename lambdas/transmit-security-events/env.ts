import { text } from '../env-types.ts';
import { tellingEnv } from '../telling-env.ts';

export const transmitSecurityEventsEnv = tellingEnv.extend({ DEAD_LETTER_QUEUE_URL: text, RECEIVER_URL: text });
