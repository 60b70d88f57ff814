import * as z from 'zod';
import { having, havingAny, havingOne, jsonSchemaRules, type MembersSchema } from './alternatives.ts';
import { authorizationDetail, authorizationDetails } from './authorization-details.ts';
import { task } from './selector.ts';
import { name, reason, tokenId } from './text.ts';

const ROLE_SCOPE = /^role:([A-Za-z0-9][\w.-]{0,63})$/;

/** The scope that requests a role by name. The role has the grants that `policies/roles.yaml` lists. */
export const roleScope = z
  .string({ error: 'must be role: and a name, as in role:deployer' })
  .regex(ROLE_SCOPE, { error: 'must be role: and a name, as in role:deployer' })
  .meta({ description: 'A role to assume, as in `role:deployer`, instead of `authorization_details`.' });

/** Returns the name of the role in a scope, or `undefined` if the scope is not that of a role. */
export function roleOf(scope: string): string | undefined {
  return ROLE_SCOPE.exec(scope)?.[1];
}

/** The parameters that token requests and explanation requests share. */
export const requestParameters = {
  authorization_details: authorizationDetails.optional().meta({
    description: 'What is requested (RFC 9396), with one entry for each set of locations. Give either this or `scope`.',
  }),
  scope: roleScope.optional(),
  grant: z.enum(['all', 'partial'], { error: 'must be all or partial' }).optional().meta({
    description: '`partial`: grant the part that policy allows. `all`, the default: grant everything or nothing.',
  }),
  audience: name.optional().meta({
    description:
      'The name of the resource server that will receive the token. Give either this or `resource`. A role may have an ' +
      'audience of its own.',
  }),
  resource: name
    .refine((uri) => URL.canParse(uri) && !uri.includes('#'), {
      error: 'must be an absolute URI without a fragment',
    })
    .optional()
    .meta({ description: 'The resource server as an absolute URI (RFC 8707). Give either this or `audience`.' }),
  expires_in: z
    .int({ error: 'must be a whole number of seconds' })
    .positive({ error: 'must be greater than zero' })
    .optional()
    .meta({ description: 'The requested lifetime, in seconds. Default: as configured for the deployment.' }),
  reason: reason.optional(),
  task: task.optional(),
};

/** OAuth parameters that are treated as absent if a form has them without a value (RFC 6749, section 3.2). */
export const OMITTED_WHEN_EMPTY = ['grant_type', 'authorization_details', 'scope', 'audience', 'resource', 'reason'];

/**
 * Requires exactly one of `authorization_details` and `scope`, and at most one audience.
 *
 * @param rules further refinements that the schema has, in JSON Schema
 */
export function consistent<S extends z.ZodType<RequestParameters>>(schema: S, ...rules: MembersSchema[]): S {
  return schema
    .refine((request) => (request.authorization_details === undefined) !== (request.scope === undefined), {
      path: ['authorization_details'],
      error: 'or scope must be given, but not both',
    })
    .refine((request) => !(request.audience !== undefined && request.resource !== undefined), {
      path: ['audience'],
      error: 'or resource must be given, but not both',
    })
    .refine((request) => (request.audience ?? request.resource ?? request.scope) !== undefined, {
      path: ['audience'],
      error: 'or resource must be given, but not both',
    })
    .meta(
      jsonSchemaRules(
        havingOne(['authorization_details', 'scope']),
        { not: having('audience', 'resource') },
        havingAny(['audience', 'resource', 'scope']),
        ...rules,
      ),
    );
}

/** The parameters that token requests and explanation requests share. */
export type RequestParameters = z.infer<z.ZodObject<typeof requestParameters>>;

/** The request of `POST /token`. Unknown parameters are ignored (RFC 6749, section 3.2). */
export const tokenRequest = consistent(
  z.object({
    grant_type: z
      .literal('client_credentials', { error: 'must be client_credentials' })
      .meta({ description: 'Always `client_credentials` (RFC 6749, section 4.4).' }),
    ...requestParameters,
  }),
).meta({ id: 'TokenRequest', description: 'A request for a token.' });
export type TokenRequest = z.infer<typeof tokenRequest>;

/** What a token permits. A partial grant may split an entry: one for each set of actions that was allowed. */
const granted = z.array(authorizationDetail).min(1).meta({ description: 'What the token permits (RFC 9396).' });

/** What a resource server must enforce besides the claims. Each value is the strictest of all permitting policies. */
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
      .meta({ description: 'Accept the token only once: store its `jti` until `exp`.' }),
  })
  .meta({ id: 'Obligations', description: 'What the resource server must enforce besides the claims.' });
export type Obligations = z.infer<typeof obligations>;

/** The response of `POST /token` (RFC 6749 section 5.1, RFC 9396 section 7). */
export const tokenResponse = z
  .object({
    access_token: z.string().meta({ description: 'The token: a signed JWT (RFC 9068).' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().positive().meta({ description: 'The lifetime in seconds. Policy may have shortened it.' }),
    authorization_details: granted,
    scope: roleScope.optional(),
    obligations: obligations.optional(),
    token_id: tokenId,
  })
  .meta({ id: 'TokenResponse', description: 'The token and what it permits.' });
export type TokenResponse = z.infer<typeof tokenResponse>;

/** Where an offline verifier checks for revocation (draft-ietf-oauth-status-list, section 6.1). */
export const tokenStatus = z
  .object({
    status_list: z.object({
      idx: z
        .int()
        .nonnegative()
        .meta({ description: 'The index of the token’s bit in the list. 1 means that the token is revoked.' }),
      uri: z
        .url()
        .meta({ description: 'The URL of the list, a signed Status List Token. Requests for it need no signature.' }),
    }),
  })
  .meta({ id: 'TokenStatus', description: 'The token’s index in a status list.' });

/** The claims of a token (RFC 9068, with RFC 9396 `authorization_details`). Times are seconds since the epoch. */
export const tokenClaims = z
  .object({
    iss: z.url().meta({ description: 'The service that issued the token.' }),
    sub: name.meta({
      description:
        'The workload: the ARN of its IAM role or user, without the session, or `<trust entry>:<mapped subject>`.',
    }),
    aud: name.meta({ description: 'The only resource server that may accept the token.' }),
    client_id: name.meta({ description: 'Equal to `sub`: the workload is its own client.' }),
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
  .meta({ id: 'TokenClaims', description: 'The claims of a token.' });
export type TokenClaims = z.infer<typeof tokenClaims>;
