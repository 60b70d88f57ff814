import * as z from 'zod';
import { unverifiedToken } from './text.ts';
import { tokenClaims } from './token.ts';

/** The request of `POST /introspect` (RFC 7662, section 2.1). A `token_type_hint` is ignored. */
export const introspectionRequest = z
  .object({ token: unverifiedToken })
  .meta({ id: 'IntrospectionRequest', description: 'The token to introspect.' });

/** The response of `POST /introspect` (RFC 7662, section 2.2). It says nothing else about an inactive token. */
export const introspectionResponse = z
  .discriminatedUnion('active', [
    // This alternative must be the first. A client that tries the alternatives in order and ignores `active` would
    // otherwise read every response as an inactive token.
    tokenClaims
      .extend({ active: z.literal(true), token_type: z.literal('Bearer') })
      .meta({ id: 'ActiveToken', description: 'The claims of an active token.' }),
    z.object({ active: z.literal(false) }).meta({
      id: 'InactiveToken',
      description: 'The token is expired, revoked, not for this caller, or not a token of this service.',
    }),
  ])
  .meta({ id: 'IntrospectionResponse', description: 'Whether the token is active, and its claims if it is.' });
export type IntrospectionResponse = z.infer<typeof introspectionResponse>;
