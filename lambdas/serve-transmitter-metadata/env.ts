import * as z from 'zod';
import { list, text } from '../runtime/env-types.ts';

export const serveTransmitterMetadataEnv = z.object({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  /** How there are receivers that are told. */
  DELIVERIES: list.pipe(z.array(z.enum(['push', 'poll']))),
  /** Whether there is a receiver that may call the paths of its stream. */
  STREAM_CONTROL: z.enum(['true', 'false']).transform((answer) => answer === 'true'),
});
