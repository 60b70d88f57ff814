import { trustedTransmitter } from '@tvm/contract/security-event.ts';
import * as z from 'zod';
import { text } from '../runtime/env-types.ts';
import { revocationEnv } from '../shared/revocation-env.ts';

export const receiveSecurityEventEnv = revocationEnv.extend({
  ISSUER: text,
  /** The configuration key `trusted_transmitters`, as JSON. */
  TRUSTED_TRANSMITTERS: text.transform((json) => z.array(trustedTransmitter).parse(JSON.parse(json))),
});
