import * as z from 'zod';
import { having, havingNone } from './alternatives.ts';
import { name } from './text.ts';
import { consistent, OMITTED_WHEN_EMPTY, requestParameters, tokenResponse } from './token.ts';

/** The grant type of token exchange (RFC 8693, section 2.1). */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';

/** The type of a client assertion that is a JWT (RFC 7523, section 2.2). */
export const JWT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Types of tokens (RFC 8693, section 3). */
export const TOKEN_TYPES = {
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  idToken: 'urn:ietf:params:oauth:token-type:id_token',
  accessToken: 'urn:ietf:params:oauth:token-type:access_token',
} as const;

const SUBJECT_TYPES = [TOKEN_TYPES.jwt, TOKEN_TYPES.idToken] as const;
const ISSUED_TYPES = [TOKEN_TYPES.accessToken, TOKEN_TYPES.jwt] as const;

const NO_ACTOR = 'must be absent: delegation is not supported';

/** A proof in a request. It is not trusted. Its length is checked when it is verified. */
const unverifiedProof = z.string({ error: 'must be a JWT' }).min(1, { error: 'must not be empty' });

/** The parameters of each grant type. They are required with it, and must be absent with the other one. */
const OF_GRANT_TYPE = {
  [TOKEN_EXCHANGE]: ['subject_token', 'subject_token_type'],
  client_credentials: ['client_assertion', 'client_assertion_type'],
} as const;

const ALL_OWN = Object.values(OF_GRANT_TYPE).flat();

const parameters = z.object({
  grant_type: z
    .enum([TOKEN_EXCHANGE, 'client_credentials'], { error: `must be ${TOKEN_EXCHANGE} or client_credentials` })
    .meta({ description: 'Token exchange (RFC 8693), or client credentials with an assertion (RFC 7523).' }),
  client_id: name.optional().meta({
    description: 'The name of the trust entry. Default: the only entry with the issuer of the proof.',
  }),
  subject_token: unverifiedProof.optional().meta({
    description: 'With token exchange: the proof, a JWT that the issuer of the trust entry signed.',
  }),
  subject_token_type: z
    .enum(SUBJECT_TYPES, { error: `must be ${SUBJECT_TYPES.join(' or ')}` })
    .optional()
    .meta({ description: 'With token exchange: the type of the proof. Both types are verified alike.' }),
  requested_token_type: z
    .enum(ISSUED_TYPES, { error: `must be ${ISSUED_TYPES.join(' or ')}` })
    .optional()
    .meta({ description: 'The type of the token. It is an access token and a JWT, so that both get the same one.' }),
  actor_token: z
    .string({ error: NO_ACTOR })
    .optional()
    .meta({ description: 'Not supported: a request with it is refused. Delegation is not supported.' }),
  client_assertion: unverifiedProof.optional().meta({
    description:
      'With client credentials: a JWT that the client signed. Its `iss` and `sub` are the trust entry’s name.',
  }),
  client_assertion_type: z
    .literal(JWT_ASSERTION, { error: `must be ${JWT_ASSERTION}` })
    .optional()
    .meta({ description: 'With client credentials: the type of the assertion.' }),
  ...requestParameters,
});

/** The request of `POST /federation/token`. Unknown parameters are ignored (RFC 6749, section 3.2). */
export const federatedTokenRequest = consistent(
  parameters.superRefine((request, context) => {
    const problem = (parameter: string, message: string) =>
      context.addIssue({ code: 'custom', path: [parameter], message });
    for (const [grantType, own] of Object.entries(OF_GRANT_TYPE)) {
      const required = grantType === request.grant_type;
      const wrong = own.find((parameter) => (request[parameter] !== undefined) !== required);
      if (wrong !== undefined) problem(wrong, `must be ${required ? 'given' : 'absent'} with this grant_type`);
    }
    if (request.actor_token !== undefined) problem('actor_token', NO_ACTOR);
  }),
  {
    oneOf: Object.entries(OF_GRANT_TYPE).map(([grantType, own]) => ({
      properties: { grant_type: { const: grantType } },
      ...having(...own),
      ...havingNone(ALL_OWN.filter((parameter) => !own.some((one) => one === parameter))),
    })),
  },
  havingNone(['actor_token']),
).meta({ id: 'FederatedTokenRequest', description: 'A request for a token with a proof of another issuer.' });
export type FederatedTokenRequest = z.infer<typeof federatedTokenRequest>;

/** Form parameters that are treated as absent without a value. */
export const FEDERATED_OMITTED_WHEN_EMPTY = [
  ...OMITTED_WHEN_EMPTY,
  'client_id',
  'requested_token_type',
  'actor_token',
  ...ALL_OWN,
];

/** The response of `POST /federation/token` (RFC 8693, section 2.2.1). */
export const federatedTokenResponse = tokenResponse
  .extend({ issued_token_type: z.enum(ISSUED_TYPES).meta({ description: 'The type of the token, as requested.' }) })
  .meta({ id: 'FederatedTokenResponse', description: 'The token, its type and what it permits.' });
export type FederatedTokenResponse = z.infer<typeof federatedTokenResponse>;

/** Why a proof was refused, for operators. */
export const refusedProof = z
  .object({
    trust: z.string().meta({ description: 'The trust entry.' }),
    claim: z
      .string()
      .meta({ description: 'The claim, the header parameter, `signature` or `source address` that was wrong.' }),
    expected: z.string().meta({ description: 'What the trust entry requires.' }),
    found: z.string().meta({ description: 'What the proof has, shortened.' }),
    signed: z.boolean().meta({
      description:
        'Whether the issuer signed the proof. If it did not, anybody can have sent it. Per entry, minute and function ' +
        'instance, at most one such refusal and ten of signed proofs are recorded.',
    }),
  })
  .meta({ description: 'With `proof_refused`: the first check that the proof failed.' });
