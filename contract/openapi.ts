import * as z from 'zod';
import { errorResponse } from './errors.ts';
import { anyExplanationRequest, explanation, explanationRequest } from './explanation.ts';
import { federatedTokenRequest, federatedTokenResponse } from './federation.ts';
import { introspectionRequest, introspectionResponse } from './introspection.ts';
import {
  jsonWebKeySet,
  openIdMetadata,
  serverMetadata,
  statusListAggregation,
  transmitterMetadata,
} from './metadata.ts';
import {
  ownRevocationRequest,
  revocationAnswer,
  revocationProgressRequest,
  revocationRequest,
  revocationResponse,
  unblockRequest,
  unblockResponse,
} from './revocation.ts';
import { SECURITY_EVENT_TYPE, securityEventError } from './security-event.ts';
import { securityEventPollRequest, securityEventPollResponse } from './security-event-poll.ts';
import {
  streamConfigurationRequest,
  streamConfigurationResponse,
  streamStatus,
  streamStatusRequest,
  verificationRequest,
} from './security-event-stream.ts';
import { tokenRequest, tokenResponse } from './token.ts';
import {
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
  /** The schema of the request body. */
  request?: z.ZodType;
  /** Set if the body must be JSON, because a form cannot express it. */
  jsonOnly?: true;
  /** Set if the request authenticates itself, without a signature of AWS: with a proof in its body. */
  open?: true;
  /** The parameters of the URL. Names that the path contains are path parameters, others are query parameters. */
  parameters?: z.ZodObject;
  response?: z.ZodType;
  /** Set if the response is 204 without a body. */
  noContent?: true;
  /** Set if the operation may respond with 404. Operations with a path parameter always may. */
  mayMiss?: true;
}

/** The errors of the API. Each is a component of the document. Errors of API Gateway itself have the same body. */
const ERRORS = {
  400: ['BadRequest', 'The request is malformed. `field` names the invalid parameter.'],
  401: ['InvalidClient', 'The client assertion was not accepted (RFC 7523, section 3.2).'],
  403: [
    'AccessDenied',
    'Denied by policy (RFC 6749, section 5.2, would use 400). Or API Gateway refused the request, because it is not ' +
      'authenticated or IAM does not allow it.',
  ],
  404: ['NotFound', 'The id does not exist, or a revocation names an unknown target.'],
  413: ['TooLarge', 'The request is larger than the gateway accepts.'],
  429: ['TooManyRequests', 'Too many requests.'],
  500: ['ServerError', 'The service failed.'],
  501: ['NotImplemented', 'The service does not support what `field` asks for.'],
  503: ['Unavailable', 'A dependency failed.'],
  504: ['Timeout', 'The service did not respond in time. The request may have been processed.'],
} as const;

type ErrorStatus = keyof typeof ERRORS;

/** The errors that every operation may return. */
const ALWAYS: readonly ErrorStatus[] = [429, 500, 503, 504];

/** The errors with a `Retry-After` header. 500 and 504 have it only if API Gateway sends the response. */
const RETRIED: readonly ErrorStatus[] = [429, 503];
const SOMETIMES_RETRIED: readonly ErrorStatus[] = [500, 504];

const HEADERS = {
  RetryAfter: {
    description: 'Seconds after which to try again (RFC 9110, section 10.2.3).',
    required: true,
    schema: { type: 'integer', minimum: 0 },
  },
  RetryAfterAtTimes: {
    description: 'Seconds after which to try again. Present only if API Gateway sends the response.',
    schema: { type: 'integer', minimum: 0 },
  },
  GatewayError: {
    description: 'Why API Gateway refused the request. Absent if the service refused it.',
    schema: { type: 'string', examples: ['MissingAuthenticationTokenException', 'AccessDeniedException'] },
  },
  NeverCached: {
    description: 'The response must not be stored (RFC 6749, section 5.1).',
    required: true,
    schema: { type: 'string', const: 'no-store' },
  },
  Cached: {
    description: 'How long any cache may store the response: `public, max-age=` and seconds.',
    required: true,
    schema: { type: 'string' },
  },
  ETag: {
    description: 'The version of the document, for `If-None-Match`.',
    required: true,
    schema: { type: 'string' },
  },
} as const;

type HeaderName = keyof typeof HEADERS;

/** The paths of the API that are not public documents, in the order of a token's life. */
const OPERATIONS: Record<string, Operation> = {
  '/token': {
    summary: 'Request a token',
    description: 'RFC 6749 client credentials with RFC 9396 authorization details. For workloads.',
    request: tokenRequest,
    response: tokenResponse,
  },
  '/federation/token': {
    summary: 'Request a token with a proof of another issuer',
    description:
      'RFC 8693 token exchange, or RFC 7523 client credentials with an assertion. For workloads without an AWS identity, if ' +
      'the deployment has trust entries. Decides like `/token`.',
    request: federatedTokenRequest,
    response: federatedTokenResponse,
    open: true,
  },
  '/explain': {
    summary: 'Explain what a token request would get, and why',
    description: 'For workloads, about themselves. Decides like `/token`, but issues no token.',
    request: explanationRequest,
    response: explanation,
  },
  '/explain/any': {
    summary: 'Explain what a token request of any workload would get, and why',
    description: 'For operators. Decides like `/token`, for a workload, an address and a time of their choice.',
    request: anyExplanationRequest,
    response: explanation,
  },
  '/introspect': {
    summary: 'Introspect a token',
    description:
      'RFC 7662. For resource servers. Each resource server can introspect only tokens of its own audiences.',
    request: introspectionRequest,
    response: introspectionResponse,
  },
  '/uses': {
    summary: 'Report what a token was used for',
    description:
      'For resource servers, about tokens of their own audiences. The report becomes the audit event `Token Used` and has no ' +
      'other effect.',
    request: useReport,
  },
  '/revoke': {
    summary: 'Revoke a token of one’s own',
    description:
      'RFC 7009. For workloads: revokes one of their own tokens, or all their tokens for a task. Idempotent.',
    request: ownRevocationRequest,
  },
  '/revocations': {
    summary: 'Revoke tokens',
    description:
      'For operators. Revokes all matching tokens issued until now. A token is revoked only once. If the subject is the only ' +
      'filter, it is also blocked for some time. A filter whose value is unknown is refused with `unknown_target`.',
    request: revocationRequest,
    response: revocationAnswer,
    mayMiss: true,
  },
  '/revocations/{revocation_id}': {
    summary: 'Get the progress of a revocation',
    description: 'For operators. The revocation continues in the background.',
    method: 'get',
    parameters: revocationProgressRequest,
    response: revocationResponse,
  },
  '/blocks/lift': {
    summary: 'Lift a block',
    description:
      'For operators. A blocked subject can get tokens again before the block ends. Revoked tokens stay revoked.',
    request: unblockRequest,
    response: unblockResponse,
  },
  '/tokens': {
    summary: 'List tokens',
    description:
      'For operators. Lists issued and denied tokens page by page, newest first. Never returns a token itself.',
    method: 'get',
    parameters: tokenListRequest,
    response: tokenListResponse,
  },
  '/tokens/{id}': {
    summary: 'See the whole life of a token',
    description:
      'For operators. Returns its request, decision, introspections, reported uses, and expiry or revocation.',
    method: 'get',
    parameters: tokenLifeRequest,
    response: tokenLifeResponse,
  },
  '/tokens/summary': {
    summary: 'Count the active tokens',
    description: 'For operators. Counts by subject, audience, type and hour of issue.',
    method: 'get',
    response: tokenSummaryResponse,
  },
  '/security-events/poll': {
    summary: 'Poll for security event tokens',
    description:
      'RFC 8936. For polling receivers, if the deployment has any. Deletes the acknowledged SETs, then returns the waiting ' +
      'ones. Responds at once.',
    request: securityEventPollRequest,
    jsonOnly: true,
    response: securityEventPollResponse,
  },
  '/security-events/streams': {
    summary: 'See the configuration of a stream of security events',
    description: 'SSF 1.0, section 8.1.1.2. For receivers that have a principal. Each sees only its own stream.',
    method: 'get',
    parameters: streamConfigurationRequest,
    response: streamConfigurationResponse,
    mayMiss: true,
  },
  '/security-events/status': {
    summary: 'Get the status of a stream of security events',
    description: 'SSF 1.0, section 8.1.2.1. For receivers that have a principal.',
    method: 'get',
    parameters: streamStatusRequest,
    response: streamStatus,
    mayMiss: true,
  },
  '/security-events/verification': {
    summary: 'Request a verification event',
    description:
      'SSF 1.0, section 8.1.4.2. For receivers that have a principal. The event is delivered over the stream, like all ' +
      'others. A second request within `min_verification_interval` gets 429.',
    request: verificationRequest,
    jsonOnly: true,
    noContent: true,
    mayMiss: true,
  },
};

/** The public documents. */
const OPEN: Record<string, { summary: string; response: z.ZodType }> = {
  '/.well-known/jwks.json': {
    summary: 'The public keys of every token that may still be valid (RFC 7517)',
    response: jsonWebKeySet,
  },
  '/.well-known/openid-configuration': {
    summary: 'The service’s metadata (OpenID Connect Discovery)',
    response: openIdMetadata,
  },
  '/.well-known/oauth-authorization-server': {
    summary: 'The service’s metadata (RFC 8414)',
    response: serverMetadata,
  },
  '/.well-known/status-list-keys.json': {
    summary: 'The public keys of the status lists (RFC 7517)',
    response: jsonWebKeySet,
  },
  '/.well-known/audit-keys.json': {
    summary: 'The public key of the digests of the audit archive (RFC 7517)',
    response: jsonWebKeySet,
  },
  '/.well-known/ssf-configuration': {
    summary: 'How security events are transmitted, if the deployment has receivers (SSF 1.0)',
    response: transmitterMetadata,
  },
  '/.well-known/security-event-keys.json': {
    summary: 'The public key of security events, if the deployment has receivers (RFC 7517)',
    response: jsonWebKeySet,
  },
  '/status-lists': {
    summary: 'The URIs of the status lists (draft-ietf-oauth-status-list, section 9.3)',
    response: statusListAggregation,
  },
};

/** The path to which trusted transmitters, if there are any, push security events (RFC 8935). */
const RECEIVING = {
  post: {
    operationId: 'security-events',
    summary: 'Push a security event token',
    description:
      'For trusted transmitters, which are authenticated by the token’s signature. A revocation by the transmitter revokes ' +
      'the tokens here, too.',
    security: [],
    requestBody: {
      required: true,
      content: { [`application/${SECURITY_EVENT_TYPE}`]: { schema: { type: 'string' } } },
    },
    responses: {
      202: { description: 'Accepted. A repeated token is accepted, too.', headers: headers('NeverCached') },
      400: {
        description: 'Not accepted. Do not send it again.',
        headers: headers('NeverCached'),
        content: json(securityEventError),
      },
      ...errors([413, ...ALWAYS]),
    },
  },
};

const STATUS_LIST = readable({
  operationId: 'status-list',
  summary: 'A status list: which tokens are revoked',
  description: 'draft-ietf-oauth-status-list-20. For resource servers that verify tokens offline.',
  security: [],
  parameters: [
    {
      name: 'list',
      in: 'path',
      required: true,
      description: 'The number of the list, as in `status_list.uri` of a token.',
      schema: { type: 'integer', minimum: 1 },
    },
    {
      name: 'time',
      in: 'query',
      description:
        'The time of a historical status list, in seconds since the epoch (section 8.4). Not supported: 501.',
      schema: { type: 'integer' },
    },
    {
      name: 'If-None-Match',
      in: 'header',
      description: 'The `ETag` of the list that the caller has.',
      schema: { type: 'string' },
    },
  ],
  responses: {
    200: {
      description: 'The Status List Token: a signed JWT.',
      headers: headers('Cached', 'ETag'),
      content: { 'application/statuslist+jwt': { schema: { type: 'string' } } },
    },
    304: { description: 'The list that the caller has is the current one.', headers: headers('Cached', 'ETag') },
    ...errors([404, 501, ...ALWAYS]),
  },
});

/** Returns the OpenAPI 3.1 document of the API, generated from the schemas that validate its requests. */
export function openApiDocument(): object {
  const { schemas, parameters } = convertedSchemas();
  return {
    openapi: '3.1.0',
    info: {
      title: 'Token vending machine',
      version: '1',
      description: 'Short-lived tokens that state exactly what a workload may do, and no more.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '{issuer}', variables: { issuer: { default: 'https://tokens.example.com' } } }],
    security: [{ sigv4: [] }],
    paths: {
      ...mapped(OPERATIONS, (operation, path) => operationPath(path, operation, parameters[path])),
      ...mapped(OPEN, ({ summary, response }, path) => openPath(path, summary, response)),
      '/status-lists/{list}': STATUS_LIST,
      '/security-events': RECEIVING,
    },
    components: {
      schemas,
      headers: HEADERS,
      responses: Object.fromEntries(
        Object.entries(ERRORS).map(([status, [name, description]]) => [
          name,
          { description, headers: errorHeaders(Number(status) as ErrorStatus), content: json(errorResponse) },
        ]),
      ),
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

function operationPath(path: string, operation: Operation, parameters: ObjectSchema | undefined): object {
  const { summary, description, method = 'post', request, jsonOnly, open, response, noContent, mayMiss } = operation;
  const refused: ErrorStatus[] = [
    400,
    ...(open ? [401 as const] : []),
    403,
    ...(path.includes('{') || mayMiss ? [404 as const] : []),
    ...(request ? [413 as const] : []),
  ];
  const done = { description: 'Done.', headers: headers('NeverCached') };
  return {
    [method]: {
      operationId: operationId(path),
      summary,
      description,
      ...(open && { security: [] }),
      ...(parameters && { parameters: parametersOf(path, parameters) }),
      ...(request && {
        requestBody: { required: true, content: { ...json(request), ...(!jsonOnly && form(request)) } },
      }),
      responses: {
        ...(noContent
          ? { 204: done }
          : {
              200: {
                ...done,
                content: response ? json(response) : { 'application/json': { schema: { type: 'object' } } },
              },
            }),
        ...errors([...refused, ...ALWAYS]),
      },
    },
  };
}

function openPath(path: string, summary: string, response: z.ZodType): object {
  return readable({
    operationId: operationId(path),
    summary,
    security: [],
    responses: {
      200: { description: summary, headers: headers('Cached'), content: json(response) },
      ...errors(ALWAYS),
    },
  });
}

interface GetOperation {
  operationId: string;
  responses: Record<string, object>;
}

/** Returns the GET and HEAD operations of a document. HEAD has the same headers and no body (RFC 9110, section 9.3.2). */
function readable<O extends GetOperation>(get: O): { get: O; head: O } {
  const responses = Object.entries(get.responses).map(([status, response]) => {
    const error = ERRORS[Number(status) as ErrorStatus];
    if (error !== undefined) {
      const [, description] = error;
      return [status, { description, headers: errorHeaders(Number(status) as ErrorStatus) }];
    }
    const { content: _, ...rest } = response as { content?: object };
    return [status, rest];
  });
  return { get, head: { ...get, operationId: `${get.operationId}-head`, responses: Object.fromEntries(responses) } };
}

/** Converts the JSON Schema of a path's parameters to OpenAPI parameters. */
function parametersOf(path: string, { properties, required = [] }: ObjectSchema): object[] {
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
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

interface ObjectSchema {
  properties: Record<string, { description?: string | undefined }>;
  required?: string[];
}

/**
 * Converts the schemas of the operations to JSON Schema: a component for each schema that has an id, at any depth, and
 * the parameters of each path.
 */
function convertedSchemas(): { schemas: object; parameters: Record<string, ObjectSchema> } {
  const operations = [...Object.values(OPERATIONS), ...Object.values(OPEN)] as Pick<
    Operation,
    'request' | 'response'
  >[];
  const bodies = operations.flatMap(({ request, response }) => [request, response]).filter((one) => one !== undefined);
  const all = z.object({
    bodies: z.union([errorResponse, securityEventError, ...new Set(bodies)]),
    // Without their ids, so that they do not become components.
    ...mapped(OPERATIONS, ({ parameters }) => z.object(parameters?.shape ?? {})),
  });
  // zod puts schemas that have an id into $defs and refers to them.
  const { $defs, properties } = JSON.parse(JSON.stringify(z.toJSONSchema(all, { io: 'input' })), (key, value) =>
    key === '$ref' ? value.replace('#/$defs/', '#/components/schemas/') : value,
  );
  const schemas = mapped($defs as Record<string, ObjectSchema & { id?: string }>, ({ id: _, ...schema }) => schema);
  for (const request of new Set(Object.values(OPERATIONS).map(({ request }) => request))) {
    const { id = '' } = request?.meta() ?? {};
    const schema = schemas[id];
    if (request !== undefined && schema !== undefined && isDetailed(request)) schemas[`${id}Form`] = asForm(schema);
  }
  const parameters = Object.entries(OPERATIONS).filter(([, operation]) => operation.parameters !== undefined);
  return { schemas, parameters: Object.fromEntries(parameters.map(([path]) => [path, properties[path]])) };
}

function operationId(path: string): string {
  return path
    .replace(/^\/(\.well-known\/)?/, '')
    .replaceAll('/', '-')
    .replace(/[{}]/g, '');
}

function reference(schema: z.ZodType): { $ref: string } {
  return { $ref: `#/components/schemas/${schema.meta()?.id}` };
}

function json(schema: z.ZodType): object {
  return { 'application/json': { schema: reference(schema) } };
}

/**
 * Returns the form body of a request. If `authorization_details` is JSON text in the form, the form has its own schema,
 * because no client generator converts an array in a form to JSON.
 */
function form(schema: z.ZodType): object {
  const { $ref } = reference(schema);
  return { 'application/x-www-form-urlencoded': { schema: { $ref: isDetailed(schema) ? `${$ref}Form` : $ref } } };
}

function isDetailed(schema: z.ZodType): boolean {
  return schema instanceof z.ZodObject && Object.hasOwn(schema.shape, 'authorization_details');
}

/** Returns the schema of a request as a form. */
function asForm(schema: ObjectSchema): ObjectSchema {
  const { authorization_details: { description, ...details } = {}, ...others } = schema.properties;
  const text = { type: 'string', contentMediaType: 'application/json', contentSchema: details };
  return { ...schema, properties: { authorization_details: { description, ...text }, ...others } };
}

function errors(statuses: readonly ErrorStatus[]): Record<string, object> {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${ERRORS[status][0]}` }]),
  );
}

function headers(...names: HeaderName[]): object {
  const header = {
    Cached: 'Cache-Control',
    NeverCached: 'Cache-Control',
    ETag: 'ETag',
    GatewayError: 'x-amzn-ErrorType',
  } as Record<string, string>;
  return Object.fromEntries(
    names.map((name) => [header[name] ?? 'Retry-After', { $ref: `#/components/headers/${name}` }]),
  );
}

function errorHeaders(status: ErrorStatus): object {
  if (status === 403) return headers('GatewayError');
  if (RETRIED.includes(status)) return headers('RetryAfter');
  return SOMETIMES_RETRIED.includes(status) ? headers('RetryAfterAtTimes') : {};
}

function mapped<V, T>(of: Record<string, V>, each: (value: V, key: string) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, each(value, key)]));
}
