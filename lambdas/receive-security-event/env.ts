import { trustedTransmitter } from '@tvm/contract/security-event.ts';
import * as z from 'zod';
import { text } from '../runtime/env-types.ts';
import { orderingEnv } from '../shared/ordering-env.ts';

export const receiveSecurityEventEnv = orderingEnv.extend({
  ISSUER: text,
  /** JSON: `trusted_transmitters` of the configuration. */
  TRUSTED_TRANSMITTERS: text.transform((json) => z.array(trustedTransmitter).parse(JSON.parse(json))),
});
