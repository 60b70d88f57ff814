import { countPairs } from '@tvm/contract/authorization-details.ts';
import { anyExplanationRequest } from '@tvm/contract/explanation.ts';
import { limits } from '@tvm/contract/limits.ts';
import { parseParameters, parseQuery } from '@tvm/contract/parse-parameters.ts';
import { revocationRequest } from '@tvm/contract/revocation.ts';
import { OMITTED_WHEN_EMPTY, tokenRequest } from '@tvm/contract/token.ts';
import { tokenListRequest } from '@tvm/contract/token-list.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';
const read = { type: 'resource', locations: ['orders-db/orders'], actions: ['read'] };
const good = { grant_type: 'client_credentials', audience: 'orders-db', authorization_details: [read] };

/** Encodes the request as a form. */
function form(parameters: Record<string, unknown>): string {
  const text = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));
  return new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, text(value)]),
  ).toString();
}
const parseJson = (parameters: unknown) => parseParameters(tokenRequest, JSON_TYPE, JSON.stringify(parameters));
const parseForm = (parameters: Record<string, unknown>) => parseParameters(tokenRequest, FORM, form(parameters));

describe('a token request', () => {
  it.each([
    '{"id_token":{}}',
    'none',
    '{"a":1,"a":2}',
  ])('ignores the parameter `claims` of OpenID Connect: %s', (claims) => {
    expect(parseForm({ ...good, claims })).toEqual({ ok: true, value: good });
  });

  it.each([
    ['the smallest valid request', good],
    [
      'everything',
      { ...good, authorization_details: [{ ...read, fields: ['id'] }], expires_in: 60, reason: 'why – so' },
    ],
    ['a resource instead of an audience', { ...good, audience: undefined, resource: 'https://orders.example.com/db' }],
    ['an ARN as location', { ...good, authorization_details: [{ ...read, locations: ['arn:aws:s3:::bucket/key'] }] }],
    [
      'the maximum number of pairs',
      {
        ...good,
        authorization_details: [
          { ...read, actions: ['read', 'write'], locations: Array.from({ length: 25 }, (_, n) => `t/${n}`) },
        ],
      },
    ],
  ])('has the same meaning as a form and as JSON: %s', (_, parameters) => {
    const defined = JSON.parse(JSON.stringify(parameters));
    expect(parseJson(defined)).toEqual({ ok: true, value: defined });
    expect(parseForm(defined)).toEqual({ ok: true, value: defined });
  });

  it('may have unknown parameters, and parameters without a value (RFC 6749, section 3.2)', () => {
    const body = form({ ...good, client_id: 'x', client_secret: '', reason: '', scope: '', resource: '' });
    expect(parseParameters(tokenRequest, FORM, body, OMITTED_WHEN_EMPTY)).toEqual({ ok: true, value: good });
    expect(parseJson({ ...good, client_id: 'x' })).toEqual({ ok: true, value: good });
  });

  it.each(['expires_in', 'task', 'grant'])('is refused with an empty %s, which restricts it', (field) => {
    const bad = { field, problem: 'must not be empty' };
    const body = form({ ...good, [field]: '' });
    expect(parseParameters(tokenRequest, FORM, body, OMITTED_WHEN_EMPTY)).toEqual({ ok: false, bad });
    expect(parseJson({ ...good, [field]: '' })).toEqual({ ok: false, bad });
  });

  it.each([
    ['absent', { ...good, grant_type: undefined }, 'grant_type'],
    ['absent', { ...good, audience: undefined }, 'audience'],
    ['absent', { ...good, authorization_details: undefined }, 'authorization_details'],
  ])('reports a parameter that is %s as invalid_request (RFC 6749, section 5.2): %j', (_, parameters, field) => {
    const defined = JSON.parse(JSON.stringify(parameters));
    for (const parsed of [parseForm(defined), parseJson(defined)])
      expect(parsed).toMatchObject({ ok: false, bad: { field, malformed: true } });
  });

  it('does not report a missing member of an entry as invalid_request', () => {
    const parsed = parseJson({ ...good, authorization_details: [{ ...read, type: undefined }] });
    expect(parsed).toMatchObject({ ok: false, bad: { field: 'authorization_details[0].type' } });
    expect(parsed.ok ? undefined : parsed.bad.malformed).toBeUndefined();
  });

  const entry = (change: object) => ({ ...good, authorization_details: [{ ...read, ...change }] });
  it.each<[string, Record<string, unknown>, string]>([
    ['no grant type', { ...good, grant_type: undefined }, 'grant_type'],
    ['another grant type', { ...good, grant_type: 'password' }, 'grant_type'],
    ['neither audience nor resource', { ...good, audience: undefined }, 'audience'],
    ['both audience and resource', { ...good, resource: 'https://a.example' }, 'audience'],
    ['a relative resource', { ...good, audience: undefined, resource: '/db' }, 'resource'],
    ['a resource with a fragment', { ...good, audience: undefined, resource: 'https://a.example/#b' }, 'resource'],
    ['a control character in the audience', { ...good, audience: 'a\u0000b' }, 'audience'],
    ['no details', { ...good, authorization_details: undefined }, 'authorization_details'],
    ['empty details', { ...good, authorization_details: [] }, 'authorization_details'],
    ['details that are not an array', { ...good, authorization_details: read }, 'authorization_details'],
    ['too many entries', { ...good, authorization_details: Array(21).fill(read) }, 'authorization_details'],
    [
      'too many pairs',
      entry({ actions: ['read', 'write'], locations: Array.from({ length: 26 }, (_, n) => `t/${n}`) }),
      'authorization_details',
    ],
    ['an unknown field', entry({ scope: 'all' }), 'authorization_details[0].scope'],
    ['another type', entry({ type: 'payment' }), 'authorization_details[0].type'],
    ['no actions', entry({ actions: [] }), 'authorization_details[0].actions'],
    ...['Read', 'read all', '-a', '1a', '', 'assume', 'a'.repeat(33), 'read/x', 7].map(
      (action): [string, Record<string, unknown>, string] => [
        `the action ${action}`,
        entry({ actions: [action] }),
        'authorization_details[0].actions[0]',
      ],
    ),
    ['an action twice', entry({ actions: ['read', 'read'] }), 'authorization_details[0].actions'],
    ['no locations', entry({ locations: [] }), 'authorization_details[0].locations'],
    ['no fields', entry({ fields: [] }), 'authorization_details[0].fields'],
    ['an invalid field name', entry({ fields: ['a b'] }), 'authorization_details[0].fields[0]'],
    ...[
      '*',
      '*/orders',
      'orders-*',
      'orders-db/**',
      'orders-db/*/x',
      '../orders',
      'a/../b',
      'a/./b',
      '.',
      '..',
      '/a',
      'a/',
      'a//b',
      '',
      'a%2Fb',
      'a b',
      'ä',
      'a\nb',
      'a'.repeat(257),
      'a/'.repeat(16).concat('a'),
    ].map((location): [string, Record<string, unknown>, string] => [
      `the location ${JSON.stringify(location).slice(0, 20)}`,
      entry({ locations: [location] }),
      'authorization_details[0].locations[0]',
    ]),
    ['a lifetime of zero', { ...good, expires_in: 0 }, 'expires_in'],
    ['a negative lifetime', { ...good, expires_in: -1 }, 'expires_in'],
    ['a fraction of a second', { ...good, expires_in: 1.5 }, 'expires_in'],
    ['a lifetime in words', { ...good, expires_in: 'long' }, 'expires_in'],
    ['a control character in the reason', { ...good, reason: 'a\u0007b' }, 'reason'],
    ['a reordering character in the reason', { ...good, reason: 'a\u202eb' }, 'reason'],
    ['a long reason', { ...good, reason: 'a'.repeat(257) }, 'reason'],
  ])('is refused with the name of the field for %s', (_, parameters, field) => {
    const defined = JSON.parse(JSON.stringify(parameters));
    expect(parseJson(defined)).toMatchObject({ ok: false, bad: { field } });
    expect(parseForm(defined)).toMatchObject({ ok: false, bad: { field } });
  });

  it.each<[string, string | undefined, string, string | undefined]>([
    ['a parameter twice', FORM, `${form(good)}&audience=b`, 'audience'],
    ['a question mark before the first name', FORM, `?${form(good)}`, 'grant_type'],
    ['JSON that was not UTF-8', JSON_TYPE, JSON.stringify({ ...good, reason: 'a\uFFFDb' }), undefined],
    ['JSON with half of a character', JSON_TYPE, JSON.stringify(good).replace('orders-db', '\\ud83d'), undefined],
    [
      'half of a character inside a parameter',
      FORM,
      form({ ...good, authorization_details: JSON.stringify([read]).replace('orders', '\\udead') }),
      'authorization_details',
    ],
    ['another charset', `${JSON_TYPE}; charset=iso-8859-1`, JSON.stringify(good), undefined],
    ['a member twice', JSON_TYPE, `{"audience":"a",${JSON.stringify(good).slice(1)}`, undefined],
    [
      'a member twice, spelled differently',
      JSON_TYPE,
      `{"\\u0061udience":"a",${JSON.stringify(good).slice(1)}`,
      undefined,
    ],
    [
      'a duplicate key inside a parameter',
      FORM,
      form({ ...good, authorization_details: '[{"type":"resource","type":"x"}]' }),
      'authorization_details',
    ],
    ['malformed JSON', JSON_TYPE, '{"a":', undefined],
    [
      'malformed JSON inside a parameter',
      FORM,
      form({ ...good, authorization_details: '[{' }),
      'authorization_details',
    ],
    ['JSON that is not an object', JSON_TYPE, '[]', undefined],
    ['deep nesting', JSON_TYPE, `${'['.repeat(5_000)}${']'.repeat(5_000)}`, undefined],
    [
      'deep nesting inside a parameter',
      FORM,
      form({ ...good, authorization_details: `${'['.repeat(9)}${']'.repeat(9)}` }),
      'authorization_details',
    ],
    ['a broken percent-encoding', FORM, 'audience=%E', undefined],
    ['a body that is not UTF-8', FORM, 'audience=%ff', 'audience'],
    ['another content type', 'text/plain', form(good), undefined],
    ['no content type', undefined, form(good), undefined],
    ['too large a body', FORM, `${form(good)}&x=${'a'.repeat(limits.bodyBytes)}`, undefined],
  ])('is refused with %s', (_, contentType, body, field) => {
    const parsed = parseParameters(tokenRequest, contentType, body);
    expect(parsed).toMatchObject({ ok: false });
    expect(parsed.ok ? undefined : parsed.bad.field).toBe(field);
  });

  it.each(['; charset=utf-8', ';charset="UTF-8"', '; boundary=x'])('is accepted with the content type%s', (more) => {
    const parsed = parseParameters(tokenRequest, `${JSON_TYPE}${more}`, JSON.stringify(good));
    expect(parsed).toEqual({ ok: true, value: good });
  });

  it('is accepted with a character that JSON escapes as a surrogate pair', () => {
    const body = JSON.stringify({ ...good, reason: '@' }).replace('@', '\\ud83d\\ude00');
    expect(parseParameters(tokenRequest, JSON_TYPE, body)).toEqual({ ok: true, value: { ...good, reason: '😀' } });
  });

  it('is either within all limits or refused with a message, for any input', () => {
    const wild = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json({ maxDepth: 12 }),
      fc
        .record({
          grant_type: fc.constant('client_credentials'),
          audience: fc.string(),
          authorization_details: fc.jsonValue(),
        })
        .map(form),
    );
    fc.assert(
      fc.property(fc.constantFrom(FORM, JSON_TYPE), wild, (contentType, body) => {
        const parsed = parseParameters(tokenRequest, contentType, body);
        if (parsed.ok) {
          expect(countPairs(parsed.value.authorization_details ?? [])).toBeLessThanOrEqual(limits.pairs);
        } else {
          // The characters that RFC 6749, section 5.2, allows in an error_description.
          expect(`${parsed.bad.field ?? ''} ${parsed.bad.problem}`).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('round-trips every request that the schema can describe', () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_:@=+-]{1,10}$/);
    const location = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join('/'));
    const detail = fc.record(
      {
        type: fc.constant('resource'),
        locations: fc.uniqueArray(location, { minLength: 1, maxLength: 3 }),
        actions: fc.constantFrom(['read'], ['write'], ['read', 'write']),
        fields: fc.uniqueArray(
          segment.map((name) => name.replaceAll(/[:@=+]/g, '_')),
          { minLength: 1, maxLength: 3 },
        ),
      },
      { requiredKeys: ['type', 'locations', 'actions'] },
    );
    const request = fc.record(
      {
        grant_type: fc.constant('client_credentials'),
        audience: fc.stringMatching(/^[!-~]{1,20}$/).filter((text) => !/["\\]/.test(text)),
        authorization_details: fc.array(detail, { minLength: 1, maxLength: 8 }),
        expires_in: fc.integer({ min: 1, max: 86_400 }),
        reason: fc.stringMatching(/^[ -~äöü]{1,40}$/),
      },
      { requiredKeys: ['grant_type', 'audience', 'authorization_details'] },
    );
    fc.assert(
      fc.property(request, (parameters) => {
        expect(parseForm(parameters)).toEqual({ ok: true, value: parameters });
        expect(parseJson(parameters)).toEqual({ ok: true, value: parameters });
      }),
    );
  });
});

describe('a filter without a value is refused and never ignored', () => {
  it.each(Object.keys(tokenListRequest.shape))('%s of a list', (field) => {
    const parsed = parseQuery(tokenListRequest, [[field, '']]);
    expect(parsed).toEqual({ ok: false, bad: { field, problem: 'must not be empty' } });
  });

  const selecting = Object.keys(tokenListRequest.shape).filter((name) =>
    ['subject', 'workload', 'task', 'audience', 'resource', 'policy', 'policy_bundle', 'issued_before'].includes(name),
  );
  it.each([...selecting, 'token_id', 'all', 'block_for'])('%s of a revocation', (field) => {
    const beside = field === 'audience' ? 'task' : 'audience';
    const bad = { field, problem: 'must not be empty' };
    const body = form({ [field]: '', [beside]: 'orders-db' });
    expect(parseParameters(revocationRequest, FORM, body)).toEqual({ ok: false, bad });
    const json = JSON.stringify({ [field]: '', [beside]: 'orders-db' });
    expect(parseParameters(revocationRequest, JSON_TYPE, json)).toEqual({ ok: false, bad });
  });
});

describe('the claims of a request of operators', () => {
  const subject = 'github:repo:1296269';
  const explain = (claims: string) => parseParameters(anyExplanationRequest, FORM, form({ ...good, subject, claims }));

  it('are JSON in a form', () => {
    expect(explain('{"environment":"production"}')).toMatchObject({
      ok: true,
      value: { claims: { environment: 'production' } },
    });
  });

  it.each(['none', '[]', '"a"', '{"a":1,"a":2}', '{"a":null}'])('may not be %s', (claims) => {
    expect(explain(claims)).toMatchObject({ ok: false, bad: { field: expect.stringMatching(/^claims/) } });
  });
});
