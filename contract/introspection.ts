import * as z from 'zod';
import { unverifiedToken } from './text.ts';
import { tokenClaims } from './token.ts';

/** `POST /introspect`, asked (RFC 7662, section 2.1). A `token_type_hint` is ignored. */
export const introspectionRequest = z
  .object({ token: unverifiedToken })
  .meta({ id: 'IntrospectionRequest', description: 'The token a resource server wants to know about.' });

/** `POST /introspect`, answered (RFC 7662, section 2.2): an inactive token is that and nothing more. */
export const introspectionResponse = z
  .discriminatedUnion('active', [
    // First: clients that try one after the other, without regard for `active`, would take any answer for an inactive token.
    tokenClaims
      .extend({ active: z.literal(true), token_type: z.literal('Bearer') })
      .meta({ id: 'ActiveToken', description: 'The claims of an active token.' }),
    z
      .object({ active: z.literal(false) })
      .meta({ id: 'InactiveToken', description: 'The token is expired, revoked, not for this caller, or no token.' }),
  ])
  .meta({ id: 'IntrospectionResponse', description: 'The token’s claims while it is active.' });
export type IntrospectionResponse = z.infer<typeof introspectionResponse>;
