import * as z from 'zod';
import { list, text } from '../runtime/env-types.ts';

/** The environment of the functions that transmit security events to a receiver. */
export const transmitterEnv = z.object({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  RECEIVER: text,
  RECEIVER_AUDIENCE: text,
  /** The types of events that the receiver gets. */
  RECEIVER_EVENTS: list,
});
