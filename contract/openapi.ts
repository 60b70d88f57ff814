import * as z from 'zod';
import { action, authorizationDetail, location } from './authorization-details.ts';
import { errorResponse } from './errors.ts';
import { anyExplanationRequest, explanation, explanationRequest } from './explanation.ts';
import { introspectionRequest, introspectionResponse } from './introspection.ts';
import {
  ownRevocationRequest,
  revocationAnswer,
  revocationDryRunResponse,
  revocationProgressRequest,
  revocationRequest,
  revocationResponse,
  unblockRequest,
  unblockResponse,
} from './revocation.ts';
import { SECURITY_EVENT_TYPE, securityEventError } from './security-event.ts';
import { securityEventPollRequest, securityEventPollResponse } from './security-event-poll.ts';
import { tokenRequest, tokenResponse } from './token.ts';
import {
  listedToken,
  tokenLifeRequest,
  tokenLifeResponse,
  tokenListRequest,
  tokenListResponse,
  tokenSummaryResponse,
} from './token-list.ts';
import { useReport } from './token-use.ts';

interface Operation {
  summary: string;
  description: string;
  /** Default: `post`. */
  method?: 'get' | 'post';
  /** What the body says. */
  request?: z.ZodType;
  /** Whether it says it in JSON alone: it holds what a form cannot. */
  jsonOnly?: true;
  /** What the URL says: in the path, where that has a place of this name, otherwise in the query. */
  parameters?: z.ZodObject;
  response?: z.ZodType;
}

const ERRORS = {
  400: 'The request is not as it must be; `field` names what.',
  403: 'Not allowed: by IAM, or by policy.',
  404: 'There is nothing with this id, or nothing known that a revocation names.',
  429: 'Too many requests; try again after `Retry-After` seconds.',
  500: 'The machine failed.',
  503: 'A dependency failed; try again after `Retry-After` seconds.',
} as const;

/** The signed paths of the API, in the order a token meets them. */
const OPERATIONS: Record<string, Operation> = {
  '/token': {
    summary: 'Ask for a token',
    description: 'RFC 6749 client credentials with RFC 9396 authorization details. For workloads.',
    request: tokenRequest,
    response: tokenResponse,
  },
  '/explain': {
    summary: 'Ask what a token request would get, and why',
    description: 'For workloads, about themselves: decides like `/token`, and vends nothing.',
    request: explanationRequest,
    response: explanation,
  },
  '/explain/any': {
    summary: 'Ask what a token request of any workload would get, and why',
    description: 'For operators: decides like `/token`, for a workload, an address and a time of their choice.',
    request: anyExplanationRequest,
    response: explanation,
  },
  '/introspect': {
    summary: 'Ask whether a token is active',
    description: 'RFC 7662. For resource servers: each sees the tokens of its own audiences.',
    request: introspectionRequest,
    response: introspectionResponse,
  },
  '/uses': {
    summary: 'Report what a token was used for',
    description:
      'For resource servers, of tokens of their own audiences. It becomes the audit event `Token Used`, and changes nothing else.',
    request: useReport,
  },
  '/revoke': {
    summary: 'Give a token back',
    description: 'RFC 7009. For workloads: a token of their own, or all for a task. Doing it again changes nothing.',
    request: ownRevocationRequest,
  },
  '/revocations': {
    summary: 'Take tokens back',
    description:
      'For operators: whatever tokens the members pick out that were vended until now. A token is taken back once. A subject ' +
      'that is named alone gets no new token for some time. A member that nothing known has is refused with `unknown_target`.',
    request: revocationRequest,
    response: revocationAnswer,
  },
  '/revocations/{revocation_id}': {
    summary: 'Ask how far a revocation is',
    description: 'For operators: it goes on by itself.',
    method: 'get',
    parameters: revocationProgressRequest,
    response: revocationResponse,
  },
  '/blocks/lift': {
    summary: 'Lift a block',
    description:
      'For operators: a blocked subject may have tokens again, before the time is over. What is revoked stays so.',
    request: unblockRequest,
    response: unblockResponse,
  },
  '/tokens': {
    summary: 'List tokens',
    description: 'For operators: what was vended and what was denied, newest first, page by page. Never a token.',
    method: 'get',
    parameters: tokenListRequest,
    response: tokenListResponse,
  },
  '/tokens/{id}': {
    summary: 'See the whole life of a token',
    description: 'For operators: its request, decision, introspections, reported use and end.',
    method: 'get',
    parameters: tokenLifeRequest,
    response: tokenLifeResponse,
  },
  '/tokens/summary': {
    summary: 'Count the active tokens',
    description: 'For operators: by subject, audience, type and the hour in which they were vended.',
    method: 'get',
    response: tokenSummaryResponse,
  },
  '/security-events/poll': {
    summary: 'Ask for security event tokens',
    description:
      'RFC 8936, for receivers that poll, if there are any: first keeps no longer what is acknowledged, then gives what is kept. ' +
      'It is answered at once.',
    request: securityEventPollRequest,
    jsonOnly: true,
    response: securityEventPollResponse,
  },
};

const METADATA = {
  '/.well-known/jwks.json': ['The public keys of every token that may still be valid (RFC 7517)', 'keys'],
  '/.well-known/openid-configuration': ['The machine’s metadata (OpenID Connect Discovery)', 'issuer'],
  '/.well-known/oauth-authorization-server': ['The machine’s metadata (RFC 8414)', 'issuer'],
  '/.well-known/status-list-keys.json': ['The public keys of the status lists (RFC 7517)', 'keys'],
  '/status-lists': ['Where the status lists are (draft-ietf-oauth-status-list, section 9.3)', 'status_lists'],
  '/.well-known/ssf-configuration': ['What security events are transmitted by, where they are (SSF 1.0)', 'issuer'],
  '/.well-known/security-event-keys.json': ['The key of security events, where they are transmitted', 'keys'],
} as const;

/** Where transmitters push security events, if any are trusted (RFC 8935). */
const RECEIVING = {
  post: {
    operationId: 'security-events',
    summary: 'Push a security event token',
    description: 'For trusted transmitters, known by the signature: what is revoked there is revoked here.',
    security: [],
    requestBody: {
      required: true,
      content: { [`application/${SECURITY_EVENT_TYPE}`]: { schema: { type: 'string' } } },
    },
    responses: {
      202: { description: 'Accepted; also when it comes again.' },
      400: { description: 'Not accepted, for good.', content: { 'application/json': json(securityEventError) } },
      503: { description: 'A dependency failed; push it again.', content: { 'application/json': json(errorResponse) } },
    },
  },
};

const STATUS_LIST = {
  get: {
    operationId: 'status-list',
    summary: 'A status list: which tokens are revoked',
    description: 'draft-ietf-oauth-status-list-20. For whoever verifies tokens offline.',
    security: [],
    parameters: [
      {
        name: 'list',
        in: 'path',
        required: true,
        description: 'As `status_list.uri` of a token says.',
        schema: { type: 'integer' },
      },
      { name: 'if-none-match', in: 'header', required: false, schema: { type: 'string' } },
    ],
    responses: {
      200: {
        description: 'The Status List Token, with `ETag` and `Cache-Control`.',
        content: { 'application/statuslist+jwt': { schema: { type: 'string' } } },
      },
      304: { description: 'It is as it was.' },
      404: {
        description: 'There is no such list, or all of its tokens are over.',
        content: { 'application/json': json(errorResponse) },
      },
      503: {
        description: 'There is nothing that holds yet; try again.',
        content: { 'application/json': json(errorResponse) },
      },
    },
  },
};

/** The OpenAPI 3.1 document of the API, made from the schemas that its requests are validated by. */
export function openApiDocument(): Record<string, unknown> {
  const registry = z.registry<{ id?: string }>();
  const schemas = new Set([
    action,
    location,
    authorizationDetail,
    errorResponse,
    securityEventError,
    listedToken,
    revocationDryRunResponse,
    ...Object.values(OPERATIONS).flatMap(({ request, response }) => [request, response]),
  ]);
  for (const schema of schemas) {
    const id = schema?.meta()?.id;
    if (schema !== undefined && id !== undefined) registry.add(schema, { id });
  }
  for (const [path, { parameters }] of Object.entries(OPERATIONS)) {
    if (parameters !== undefined) registry.add(parameters, { id: path });
  }
  const { schemas: components } = z.toJSONSchema(registry, { uri: (id) => `#/components/schemas/${id}`, io: 'input' });
  return {
    openapi: '3.1.0',
    info: {
      title: 'Token vending machine',
      version: '1',
      description: 'Short-lived tokens that say exactly what a workload may do, and no more.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '{issuer}', variables: { issuer: { default: 'https://tokens.example.com' } } }],
    security: [{ sigv4: [] }],
    paths: { ...signedPaths(components), ...openPaths(), '/security-events': RECEIVING },
    components: {
      schemas: withoutIds(components),
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          name: 'Authorization',
          in: 'header',
          description: 'AWS Signature Version 4, service `execute-api`.',
          'x-amazon-apigateway-authtype': 'awsSigv4',
        },
      },
    },
  };
}

function signedPaths(components: Record<string, object>): object {
  return Object.fromEntries(
    Object.entries(OPERATIONS).map(([path, { summary, description, method = 'post', request, jsonOnly, response }]) => [
      path,
      {
        [method]: {
          operationId: path.slice(1).replaceAll('/', '-').replace(/[{}]/g, ''),
          summary,
          description,
          ...(components[path] && { parameters: parametersOf(path, components[path]) }),
          ...(request && {
            requestBody: {
              required: true,
              content: {
                ...(!jsonOnly && { 'application/x-www-form-urlencoded': json(request) }),
                'application/json': json(request),
              },
            },
          }),
          responses: {
            200: {
              description: 'Done.',
              content: { 'application/json': response ? json(response) : { schema: { type: 'object' } } },
            },
            ...Object.fromEntries(
              Object.entries(ERRORS)
                // Only where a path or a revocation names something can there be nothing of that name.
                .filter(([status]) => status !== '404' || path.includes('{') || path === '/revocations')
                .map(([status, description]) => [
                  status,
                  { description, content: { 'application/json': json(errorResponse) } },
                ]),
            ),
          },
        },
      },
    ]),
  );
}

/** What a path's URL says, of the JSON Schema of its parameters. */
function parametersOf(path: string, { properties, required = [] }: ParametersSchema): object[] {
  return Object.entries(properties ?? {}).map(([name, { description, ...schema }]) => {
    const inPath = path.includes(`{${name}}`);
    return {
      name,
      in: inPath ? 'path' : 'query',
      required: inPath || required.includes(name),
      ...(description !== undefined && { description }),
      schema,
    };
  });
}

interface ParametersSchema {
  properties?: Record<string, { description?: string }>;
  required?: string[];
}

function openPaths(): object {
  const metadata = Object.entries(METADATA).map(([path, [summary, member]]) => [
    path,
    {
      get: {
        operationId: path.replace('/.well-known/', '').replace('/', ''),
        summary,
        security: [],
        responses: {
          200: {
            description: summary,
            content: { 'application/json': { schema: { type: 'object', required: [member] } } },
          },
        },
      },
    },
  ]);
  return { ...Object.fromEntries(metadata), '/status-lists/{list}': STATUS_LIST };
}

function json(schema: z.ZodType): object {
  return { schema: { $ref: `#/components/schemas/${schema.meta()?.id}` } };
}

/**
 * Component schemas are named by their place; their own `$id` and `$schema` would name them again, elsewhere. Those named
 * like a path are its parameters, and stand there.
 */
function withoutIds(components: Record<string, object>): object {
  const all = Object.entries(components as Record<string, Record<string, unknown>>);
  const named = all.filter(([name]) => !name.startsWith('/'));
  return Object.fromEntries(named.map(([name, { $id, $schema, id, ...schema }]) => [name, schema]));
}
