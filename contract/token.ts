import * as z from 'zod';
import { authorizationDetails } from './authorization-details.ts';
import { name, reason, tokenId } from './text.ts';

/** `POST /token`, asked for. Unknown parameters are ignored (RFC 6749, section 3.2). */
export const tokenRequest = z
  .object({
    grant_type: z
      .literal('client_credentials', { error: 'must be client_credentials' })
      .meta({ description: 'Always `client_credentials` (RFC 6749, section 4.4).' }),
    authorization_details: authorizationDetails,
    audience: name.optional().meta({
      description: 'Who will receive the token: the name of a resource server. This or `resource`.',
    }),
    resource: name
      .refine((uri) => URL.canParse(uri) && !uri.includes('#'), {
        error: 'must be an absolute URI without a fragment',
      })
      .optional()
      .meta({ description: 'The same as an absolute URI (RFC 8707). This or `audience`.' }),
    expires_in: z
      .int({ error: 'must be a whole number of seconds' })
      .positive({ error: 'must be greater than zero' })
      .optional()
      .meta({ description: 'Lifetime asked for, in seconds; the deployment’s default when absent.' }),
    reason: reason.optional(),
  })
  .refine((request) => (request.audience === undefined) !== (request.resource === undefined), {
    path: ['audience'],
    error: 'or resource must be given, one of the two',
  })
  .meta({ id: 'TokenRequest', description: 'What a workload asks for.' });
export type TokenRequest = z.infer<typeof tokenRequest>;

/** `POST /token`, answered (RFC 6749 section 5.1, RFC 9396 section 7). */
export const tokenResponse = z
  .object({
    access_token: z.string().meta({ description: 'The token: a signed JWT (RFC 9068).' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().positive().meta({ description: 'Lifetime in seconds.' }),
    authorization_details: authorizationDetails,
    token_id: tokenId,
  })
  .meta({ id: 'TokenResponse', description: 'The token and what it permits.' });
export type TokenResponse = z.infer<typeof tokenResponse>;

/** What a token says (RFC 9068, with RFC 9396 `authorization_details`). Times are seconds since the epoch. */
export const tokenClaims = z
  .object({
    iss: z.url().meta({ description: 'The machine that vended it.' }),
    sub: name.meta({ description: 'The workload: the ARN of its IAM role or user, without the session.' }),
    aud: name.meta({ description: 'The one resource server that may accept it.' }),
    client_id: name.meta({ description: 'The same as `sub`: the workload is its own client.' }),
    iat: z.int().positive(),
    nbf: z.int().positive(),
    exp: z.int().positive(),
    jti: tokenId,
    authorization_details: authorizationDetails,
  })
  .meta({ id: 'TokenClaims', description: 'The claims of a vended token.' });
export type TokenClaims = z.infer<typeof tokenClaims>;
