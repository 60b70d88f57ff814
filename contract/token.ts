import * as z from 'zod';
import { having, havingAny, havingOne, stated } from './alternatives.ts';
import { authorizationDetail, authorizationDetails } from './authorization-details.ts';
import { task } from './selector.ts';
import { name, reason, tokenId } from './text.ts';

const ROLE_SCOPE = /^role:([A-Za-z0-9][\w.-]{0,63})$/;

/** A role, taken by its name: the grants that `policies/roles.yaml` gives it. */
export const roleScope = z
  .string({ error: 'must be role: and a name, as in role:deployer' })
  .regex(ROLE_SCOPE, { error: 'must be role: and a name, as in role:deployer' })
  .meta({ description: 'A role to take, as in `role:deployer`, instead of `authorization_details`.' });

/** The role that a scope names. */
export function roleOf(scope: string): string | undefined {
  return ROLE_SCOPE.exec(scope)?.[1];
}

/** What is asked for, whether to vend it or to explain it. */
export const asked = {
  authorization_details: authorizationDetails.optional().meta({
    description: 'What is asked for (RFC 9396): one entry for each set of locations. This or `scope`.',
  }),
  scope: roleScope.optional(),
  grant: z.enum(['all', 'partial'], { error: 'must be all or partial' }).optional().meta({
    description: '`partial` takes what policy allows of it; otherwise it is all or nothing.',
  }),
  audience: name.optional().meta({
    description:
      'Who will receive the token: the name of a resource server. This or `resource`; a role may have its own.',
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
  task: task.optional(),
};

/** Parameters of OAuth that count as absent when a form gives them no value (RFC 6749, section 3.2). */
export const OMITTED_WHEN_EMPTY = ['grant_type', 'authorization_details', 'scope', 'audience', 'resource', 'reason'];

/** Refines an object of what is asked for: one way to say what, one receiver. */
export function consistent<S extends z.ZodType<Asked>>(schema: S): S {
  return schema
    .refine((request) => (request.authorization_details === undefined) !== (request.scope === undefined), {
      path: ['authorization_details'],
      error: 'or scope must be given, one of the two',
    })
    .refine((request) => !(request.audience !== undefined && request.resource !== undefined), {
      path: ['audience'],
      error: 'or resource must be given, one of the two',
    })
    .refine((request) => (request.audience ?? request.resource ?? request.scope) !== undefined, {
      path: ['audience'],
      error: 'or resource must be given, one of the two',
    })
    .meta(
      stated(
        havingOne(['authorization_details', 'scope']),
        { not: having('audience', 'resource') },
        havingAny(['audience', 'resource', 'scope']),
      ),
    );
}

/** What is asked for, whether to vend it or to explain it. */
export type Asked = z.infer<z.ZodObject<typeof asked>>;

/** `POST /token`, asked for. Unknown parameters are ignored (RFC 6749, section 3.2). */
export const tokenRequest = consistent(
  z.object({
    grant_type: z
      .literal('client_credentials', { error: 'must be client_credentials' })
      .meta({ description: 'Always `client_credentials` (RFC 6749, section 4.4).' }),
    ...asked,
  }),
).meta({ id: 'TokenRequest', description: 'What a workload asks for.' });
export type TokenRequest = z.infer<typeof tokenRequest>;

/** What a token permits. In part, an entry may have become several: one for each set of actions that was allowed. */
const granted = z.array(authorizationDetail).min(1).meta({ description: 'What the token permits (RFC 9396).' });

/** What whoever enforces a token must hold besides its claims. Each is the strictest of the policies that permitted it. */
export const obligations = z
  .object({
    networks: z.array(z.string()).optional().meta({
      description: 'Named networks (`policies/networks.yaml`): accept the token only from within all of them.',
    }),
    windows: z.array(z.string()).optional().meta({
      description: 'Named windows (`policies/windows.yaml`): accept the token only while all of them are open.',
    }),
    single_use: z
      .literal(true)
      .optional()
      .meta({ description: 'Accept the token once: remember its `jti` until `exp`.' }),
  })
  .meta({ id: 'Obligations', description: 'What the enforcement point must hold besides the claims.' });
export type Obligations = z.infer<typeof obligations>;

/** `POST /token`, answered (RFC 6749 section 5.1, RFC 9396 section 7). */
export const tokenResponse = z
  .object({
    access_token: z.string().meta({ description: 'The token: a signed JWT (RFC 9068).' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().positive().meta({ description: 'Lifetime in seconds: policy may have shortened it.' }),
    authorization_details: granted,
    scope: roleScope.optional(),
    obligations: obligations.optional(),
    token_id: tokenId,
  })
  .meta({ id: 'TokenResponse', description: 'The token and what it permits.' });
export type TokenResponse = z.infer<typeof tokenResponse>;

/** Where a verifier that is offline learns of a revocation (draft-ietf-oauth-status-list, section 6.1). */
export const tokenStatus = z
  .object({
    status_list: z.object({
      idx: z.int().nonnegative().meta({ description: 'The token’s bit in the list: 1 says that it was revoked.' }),
      uri: z.url().meta({ description: 'The list: a signed Status List Token, to be had without a signature.' }),
    }),
  })
  .meta({ id: 'TokenStatus', description: 'The token’s place in a status list.' });

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
    authorization_details: granted,
    scope: roleScope.optional(),
    obligations: obligations.optional(),
    task: task.optional(),
    status: tokenStatus,
    policy: z
      .string()
      .regex(/^[0-9a-f]{12}$/)
      .meta({ description: 'The policy bundle that decided: the first 12 digits of its hash.' }),
  })
  .meta({ id: 'TokenClaims', description: 'The claims of a vended token.' });
export type TokenClaims = z.infer<typeof tokenClaims>;
