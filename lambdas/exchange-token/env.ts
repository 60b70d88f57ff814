import * as z from 'zod';
import { issuingEnv } from '../shared/issuing-env.ts';

export const exchangeTokenEnv = issuingEnv.extend({
  /** Hosts of issuers whose addresses need not be public, separated by commas. Empty: none. */
  PRIVATE_ISSUERS: z.string().transform((hosts) => hosts.split(',').filter((host) => host !== '')),
});
