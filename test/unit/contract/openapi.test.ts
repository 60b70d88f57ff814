import { validate } from '@readme/openapi-parser';
import { revocationRequested } from '@tvm/contract/events.ts';
import { anyExplanationRequest, explanationRequest } from '@tvm/contract/explanation.ts';
import * as metadata from '@tvm/contract/metadata.ts';
import { openApiDocument } from '@tvm/contract/openapi.ts';
import { ownRevocationRequest, revocationRequest } from '@tvm/contract/revocation.ts';
import { revocationSelector } from '@tvm/contract/selector.ts';
import { tokenRequest } from '@tvm/contract/token.ts';
import { openIdMetadata, serverMetadata } from '@tvm/core/keys/server-metadata.ts';
import { transmitterMetadata } from '@tvm/core/security-events/transmitter-metadata.ts';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { strictAjv } from '../../support/json-schema.ts';

interface Operation {
  operationId: string;
  security?: object[];
  requestBody?: { content: Record<string, { schema: { $ref?: string; type?: string } }> };
  responses: Record<string, { $ref?: string; headers?: object; content?: Record<string, object> }>;
}

interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; responses: Record<string, { headers: object }> };
}

const document = openApiDocument() as Document;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ call: `${method.toUpperCase()} ${path}`, ...operation })),
);

/** Returns the values of all `$ref` members, at any depth. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => (key === '$ref' ? [member] : references(member)));
}

/** Resolves a JSON Pointer in a URI fragment (RFC 6901, section 6). */
function resolve(reference: string): unknown {
  const [root, ...segments] = reference.split('/');
  expect(root, reference).toBe('#');
  return segments
    .map((segment) => decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((within, key) => (within as Record<string, unknown> | undefined)?.[key], document);
}

describe('the OpenAPI document', () => {
  it('passes a strict validator', async () => {
    // The validator modifies its argument: it resolves the references.
    expect(await validate(JSON.parse(JSON.stringify(document)))).toMatchObject({ valid: true, warnings: [] });
  });

  it('refers only to components that exist', () => {
    const all = [...new Set(references(document))];
    expect(all.length).toBeGreaterThan(20);
    for (const reference of all) {
      expect(reference).toMatch(/^#\/components\/(schemas|responses|headers)\/\w+$/);
      expect(resolve(reference), reference).toBeTypeOf('object');
    }
  });

  it('has no definitions outside the components and no unused components', () => {
    const text = JSON.stringify(document);
    expect(text).not.toMatch(/\$defs|\$id|__shared|"\$schema"/);
    const named = Object.keys(document.components.schemas).filter((name) => text.includes(`schemas/${name}"`));
    expect(named).toEqual(Object.keys(document.components.schemas));
  });

  it('names each operation once', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('has HEAD for every public GET, with the same headers and no body', () => {
    for (const [path, { get, head }] of Object.entries(document.paths)) {
      if (get?.security?.length !== 0) {
        expect(head, path).toBeUndefined();
        continue;
      }
      expect(Object.keys(head?.responses ?? {}), path).toEqual(Object.keys(get.responses));
      expect(head?.responses[200]?.headers, path).toEqual(get.responses[200]?.headers);
      for (const response of Object.values(head?.responses ?? {})) {
        expect(response, path).not.toHaveProperty('content');
        expect(response, path).not.toHaveProperty('$ref');
      }
    }
  });

  it.each(
    operations.map((operation) => [operation.call, operation] as const),
  )('%s describes its responses', (call, one) => {
    const { responses } = one;
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['429', '500', '503', '504']));
    for (const status of [429, 503]) {
      const { $ref, headers } = responses[status] ?? {};
      expect(headers ?? (resolve($ref ?? '') as { headers: object }).headers).toHaveProperty('Retry-After');
    }
    const done = responses[200] ?? responses[202] ?? responses[204];
    expect(done?.headers).toHaveProperty('Cache-Control');
    expect(Object.hasOwn(responses, 413)).toBe(one.requestBody !== undefined);
    expect(Object.hasOwn(responses, 404), 'what names something').toBe(
      call.includes('{') ||
        call === 'POST /revocations' ||
        /\/security-events\/(?:streams|status|verification)$/.test(call),
    );
  });

  it('describes the caching and media type of a status list, and that historical lists are not supported', () => {
    const { get } = document.paths['/status-lists/{list}'] ?? {};
    expect(get?.responses[200]).toMatchObject({ headers: { ETag: {}, 'Cache-Control': {} } });
    expect(Object.keys(get?.responses[200]?.content ?? {})).toEqual(['application/statuslist+jwt']);
    expect(get?.responses[304]).toMatchObject({ headers: { ETag: {}, 'Cache-Control': {} } });
    expect(get?.responses[304]).not.toHaveProperty('content');
    expect(get?.responses[501]).toEqual({ $ref: '#/components/responses/NotImplemented' });
    expect(get).toMatchObject({
      parameters: [
        { name: 'list', in: 'path' },
        { name: 'time', in: 'query' },
        { name: 'If-None-Match', in: 'header' },
      ],
    });
  });
});

const ajv = strictAjv();
// As a schema, the document has these members.
ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'paths', 'components']);
ajv.addSchema(document, 'openapi');
const validator = (name: string) => ajv.compile({ $ref: `openapi#/components/schemas/${name}` });

it('every schema is JSON Schema 2020-12', () => {
  for (const name of Object.keys(document.components.schemas)) expect(() => validator(name), name).not.toThrow();
});

const details = { authorization_details: [{ type: 'resource', locations: ['orders-db/orders'], actions: ['read'] }] };
const role = { scope: 'role:reader' };
const audience = { audience: 'orders-db' };
const resource = { resource: 'https://orders.example.com/' };
const subject = { subject: 'arn:aws:iam::111122223333:role/orders-service' };
const tokenId = { token_id: '35445779-b11b-466e-9611-a4ba0a6b9a7d' };

const ASKED = [
  [{ ...details, ...audience }, true],
  [{ ...details, ...resource }, true],
  [role, true],
  [{ ...role, ...audience }, true],
  [{ ...role, ...resource }, true],
  [{}, false],
  [details, false],
  [audience, false],
  [{ ...details, ...role }, false],
  [{ ...details, ...role, ...audience }, false],
  [{ ...details, ...audience, ...resource }, false],
  [{ ...role, ...audience, ...resource }, false],
] as const;

const SELECTED = [
  [subject, true],
  [{ audience: 'orders-db', policy: 'orders' }, true],
  [{ all: true }, true],
  [{}, false],
  [{ all: true, ...subject }, false],
] as const;

const REVOKED = [
  ...SELECTED,
  [tokenId, true],
  [{ all: true, issued_before: '2026-11-22T09:30:00Z' }, true],
  [{ ...subject, block_for: 60 }, true],
  [{ ...audience, block_for: 0 }, true],
  [{ reason: 'drill' }, false],
  [{ issued_before: '2026-11-22T09:30:00Z' }, false],
  [{ block_for: 0 }, false],
  [{ ...audience, block_for: 60 }, false],
  [{ ...subject, ...audience, block_for: 60 }, false],
  [{ all: true, block_for: 60 }, false],
] as const;

const OWN = [
  [{ token: 'x' }, true],
  [tokenId, true],
  [{ task: 'nightly' }, true],
  [{}, false],
  [{ token: 'x', task: 'nightly' }, false],
  [{ token: 'x', ...tokenId, task: 'nightly' }, false],
] as const;

const REQUESTS: [string, z.ZodType, readonly (readonly [object, boolean])[]][] = [
  ['TokenRequest', tokenRequest, ASKED.map(([one, ok]) => [{ grant_type: 'client_credentials', ...one }, ok])],
  ['ExplanationRequest', explanationRequest, ASKED],
  ['AnyExplanationRequest', anyExplanationRequest, ASKED.map(([one, ok]) => [{ ...subject, ...one }, ok])],
  ['OwnRevocationRequest', ownRevocationRequest, OWN],
  ['RevocationRequest', revocationRequest, REVOKED],
];

describe.each(REQUESTS)('%s accepts the alternatives that the service accepts', (name, schema, cases) => {
  it.each(cases.map(([request, ok]) => [JSON.stringify(request), ok, request] as const))('%s: %s', (_, ok, request) => {
    expect(schema.safeParse(request).success, 'the service').toBe(ok);
    expect(validator(name)(request), 'the document').toBe(ok);
  });
});

it('authorization_details is text in a form', () => {
  const form = validator('TokenRequestForm');
  const request = { grant_type: 'client_credentials', audience: 'orders-db' };
  expect(form({ ...request, authorization_details: JSON.stringify(details.authorization_details) })).toBe(true);
  expect(form({ ...request, ...details })).toBe(false);
  for (const { call, requestBody } of operations) {
    const { 'application/json': json, 'application/x-www-form-urlencoded': asForm } = requestBody?.content ?? {};
    if (json === undefined || asForm === undefined) continue;
    const { properties } = resolve(json.schema.$ref ?? '') as { properties: Record<string, { type?: string }> };
    const nested = Object.values(properties).some(({ type }) => type === 'array' || type === 'object');
    expect(asForm.schema.$ref, call).toBe(`${json.schema.$ref}${nested ? 'Form' : ''}`);
  }
});

it('the schemas of the event and the selector state their alternatives, too', () => {
  for (const schema of [revocationSelector, revocationRequested]) {
    const accepts = ajv.compile(z.toJSONSchema(schema, { io: 'input' }));
    for (const [selector, ok] of SELECTED) {
      expect(schema.safeParse(selector).success).toBe(ok);
      expect(accepts(selector), JSON.stringify(selector)).toBe(ok);
    }
  }
});

it('the public documents have exactly the members of their schemas', () => {
  const issuer = 'https://tokens.example.com';
  const keys = [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: 'k', alg: 'ES256', use: 'sig' }];
  const documents: [z.ZodObject, unknown][] = [
    [metadata.jsonWebKeySet, { keys }],
    [metadata.serverMetadata, serverMetadata(issuer)],
    [metadata.openIdMetadata, openIdMetadata(issuer, { keys })],
    [metadata.transmitterMetadata, transmitterMetadata(issuer, ['push', 'poll'], true)],
  ];
  for (const [schema, open] of documents) expect(schema.strict().parse(open)).toEqual(open);
});
