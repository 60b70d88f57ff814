import * as z from 'zod';
import { list, text } from '../runtime/env-types.ts';

export const serveDiscoveryEnv = z.object({ ISSUER: text, VERIFICATION_KEY_ARNS: list });
