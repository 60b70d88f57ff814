import * as z from 'zod';
import { list, text } from '../runtime/env-types.ts';

export const serveTransmitterMetadataEnv = z.object({
  ISSUER: text,
  SIGNING_KEY_ARN: text,
  /** The delivery methods of the configured receivers. */
  DELIVERIES: list.pipe(z.array(z.enum(['push', 'poll']))),
  /** Whether any receiver may call the stream API. */
  STREAM_CONTROL: z.enum(['true', 'false']).transform((text) => text === 'true'),
});
