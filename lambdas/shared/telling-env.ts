import * as z from 'zod';
import { list, text } from '../runtime/env-types.ts';

/** The environment of every function that tells a receiver of security events. */
export const tellingEnv = z.object({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  RECEIVER: text,
  RECEIVER_AUDIENCE: text,
  /** The types of events that it is told. */
  RECEIVER_EVENTS: list,
});
