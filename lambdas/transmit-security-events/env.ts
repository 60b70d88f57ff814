import { text } from '../runtime/env-types.ts';
import { transmitterEnv } from '../shared/transmitter-env.ts';

export const transmitSecurityEventsEnv = transmitterEnv.extend({ DEAD_LETTER_QUEUE_URL: text, RECEIVER_URL: text });
