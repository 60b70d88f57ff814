import * as z from 'zod';
import { action, authorizationDetail, location } from './authorization-details.ts';
import { errorResponse } from './errors.ts';
import { anyExplanationRequest, explanation, explanationRequest } from './explanation.ts';
import { introspectionRequest, introspectionResponse } from './introspection.ts';
import { ownRevocationRequest, revocationRequest, revocationResponse } from './revocation.ts';
import { tokenRequest, tokenResponse } from './token.ts';

interface Operation {
  summary: string;
  description: string;
  request: z.ZodType;
  response?: z.ZodType;
}

const ERRORS = {
  400: 'The request is not as it must be; `field` names what.',
  403: 'Not allowed: by IAM, or by policy.',
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
  '/revoke': {
    summary: 'Give a token back',
    description: 'RFC 7009. For workloads: their own tokens. Doing it again changes nothing.',
    request: ownRevocationRequest,
  },
  '/revocations': {
    summary: 'Take tokens back',
    description: 'For operators: any token, or every token that a subject has now. A token is taken back once.',
    request: revocationRequest,
    response: revocationResponse,
  },
};

const METADATA = {
  '/.well-known/jwks.json': ['The public keys of every token that may still be valid (RFC 7517)', 'keys'],
  '/.well-known/openid-configuration': ['The machine’s metadata (OpenID Connect Discovery)', 'issuer'],
  '/.well-known/oauth-authorization-server': ['The machine’s metadata (RFC 8414)', 'issuer'],
} as const;

/** The OpenAPI 3.1 document of the API, made from the schemas that its requests are validated by. */
export function openApiDocument(): Record<string, unknown> {
  const registry = z.registry<{ id?: string }>();
  const schemas = new Set([
    action,
    location,
    authorizationDetail,
    errorResponse,
    ...Object.values(OPERATIONS).flatMap(({ request, response }) => [request, response]),
  ]);
  for (const schema of schemas) {
    const id = schema?.meta()?.id;
    if (schema !== undefined && id !== undefined) registry.add(schema, { id });
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
    paths: { ...signedPaths(), ...openPaths() },
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

function signedPaths(): object {
  return Object.fromEntries(
    Object.entries(OPERATIONS).map(([path, { summary, description, request, response }]) => [
      path,
      {
        post: {
          operationId: path.slice(1).replace('/', '-'),
          summary,
          description,
          requestBody: {
            required: true,
            content: { 'application/x-www-form-urlencoded': json(request), 'application/json': json(request) },
          },
          responses: {
            200: {
              description: 'Done.',
              content: { 'application/json': response ? json(response) : { schema: { type: 'object' } } },
            },
            ...Object.fromEntries(
              Object.entries(ERRORS).map(([status, description]) => [
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

function openPaths(): object {
  return Object.fromEntries(
    Object.entries(METADATA).map(([path, [summary, member]]) => [
      path,
      {
        get: {
          operationId: path.slice('/.well-known/'.length),
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
    ]),
  );
}

function json(schema: z.ZodType): object {
  return { schema: { $ref: `#/components/schemas/${schema.meta()?.id}` } };
}

/** Component schemas are named by their place; their own `$id` and `$schema` would name them again, elsewhere. */
function withoutIds(components: Record<string, object>): object {
  const named = Object.entries(components as Record<string, Record<string, unknown>>);
  return Object.fromEntries(named.map(([name, { $id, $schema, id, ...schema }]) => [name, schema]));
}
