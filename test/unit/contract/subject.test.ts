import { claims } from '@tvm/contract/claims.ts';
import { limits } from '@tvm/contract/limits.ts';
import { revocationRequest } from '@tvm/contract/revocation.ts';
import {
  federatedSubject,
  isTrustName,
  parseFederatedSubject,
  parseSubject,
  parseWorkloadArn,
  subject,
} from '@tvm/contract/subject.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

it.each([
  ['a role', 'arn:aws:iam::111122223333:role/orders-service'],
  ['a role with the path that the console shows', 'arn:aws:iam::111122223333:role/service/eu/orders-service'],
  ['a session of it, as logs show it', 'arn:aws:sts::111122223333:assumed-role/orders-service/i-0abc'],
])('%s names the role', (_, arn) => {
  expect(parseWorkloadArn(arn)?.subject).toBe('arn:aws:iam::111122223333:role/orders-service');
});

it.each([
  'arn:aws:iam::111122223333:user/deployer',
  'arn:aws:iam::111122223333:user/ci/eu/deployer',
])('«%s» is the user of that name, as events about it name it', (arn) => {
  expect(parseWorkloadArn(arn)).toEqual({
    subject: 'arn:aws:iam::111122223333:user/deployer',
    account: '111122223333',
    kind: 'user',
    name: 'deployer',
  });
});

it.each([
  'orders',
  'arn:aws:iam::111122223333:root',
  'arn:aws:iam::1:role/a',
  'arn:aws:sts::111122223333:federated-user/a',
])('«%s» is not a workload and is refused, because it would revoke nothing', (arn) => {
  expect(parseWorkloadArn(arn)).toBeUndefined();
  expect(revocationRequest.safeParse({ subject: arn }).error?.issues[0]).toMatchObject({
    path: ['subject'],
    message: 'must be the ARN of an IAM role or user, or a federated subject such as github:repo:1296269',
  });
});

describe('the subject of a federated workload', () => {
  const entries = fc.constantFrom('github', 'a', 'gitlab-eu', 'x'.repeat(32));
  /** Texts of any characters, with many of those that the encoding treats specially. */
  const mapped = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
    fc.string({
      unit: fc.constantFrom('%', '4', '1', ':', '/', 'a', 'A', '~', '#', ' ', 'é', '\u{1f600}'),
      minLength: 1,
    }),
  );

  it('has one spelling that its entry and its mapped subject determine, and different ones differ', () => {
    fc.assert(
      fc.property(entries, mapped, entries, mapped, (entry, one, other, two) => {
        const first = federatedSubject(entry, one);
        const second = federatedSubject(other, two);
        fc.pre(first !== undefined && second !== undefined);
        expect(first === second).toBe(entry === other && one === two);
      }),
    );
  });

  it('is parsed to its entry, is its own subject, and contains only the characters of the grammar', () => {
    fc.assert(
      fc.property(entries, mapped, (entry, text) => {
        const formatted = federatedSubject(entry, text);
        fc.pre(formatted !== undefined);
        expect(formatted).toMatch(/^[a-z][a-z0-9-]{0,31}:(?:[A-Za-z0-9._~:/@-]|%[0-9A-F]{2})+$/);
        expect(parseSubject(formatted)).toEqual({ subject: formatted, kind: 'federated', trust: entry });
        expect(subject.parse(formatted)).toBe(formatted);
        expect(decodeURIComponent(formatted.slice(entry.length + 1))).toBe(text);
      }),
    );
  });

  it('is parsed from no other text than one that formatting returns', () => {
    const near = fc.string({
      unit: fc.constantFrom('g', ':', '%', '2', '3', '4', '1', 'C', 'c', 'E', '9', 'a', '#', '/'),
    });
    fc.assert(
      fc.property(near, (text) => {
        const parsed = parseFederatedSubject(text);
        if (parsed === undefined) return;
        expect(parsed.subject).toBe(text);
        expect(federatedSubject(parsed.trust, decodeURIComponent(text.slice(parsed.trust.length + 1)))).toBe(text);
      }),
    );
  });

  it.each([
    ['repo:1296269', 'github:repo:1296269'],
    ['spiffe://example.org/ns/a', 'github:spiffe://example.org/ns/a'],
    ['100%', 'github:100%25'],
    ['%41', 'github:%2541'],
    ['a b#c', 'github:a%20b%23c'],
    ["!*'()", 'github:%21%2A%27%28%29'],
    ['é', 'github:%C3%A9'],
    // The same character in another normalization is another subject.
    ['e\u0301', 'github:e%CC%81'],
    ['\u{1f600}', 'github:%F0%9F%98%80'],
  ])('of «%s» is %s', (text, expected) => expect(federatedSubject('github', text)).toBe(expected));

  it.each([
    ['github:%41', 'a character that needs no encoding'],
    ['github:%c3%a9', 'lower-case digits'],
    ['github:%C3', 'an incomplete UTF-8 sequence'],
    ['github:%ED%A0%80', 'half of a surrogate pair'],
    ['github:%', 'an incomplete encoding'],
    ['github:a b', 'a space'],
    ['github:a#b', 'a character that must be encoded'],
    ['github:', 'no mapped subject'],
    ['github', 'no colon'],
    [':a', 'no entry'],
    ['GitHub:a', 'an entry in upper case'],
    ['1a:a', 'an entry that begins with a digit'],
    [`${'x'.repeat(33)}:a`, 'an entry that is too long'],
    [`a:${'x'.repeat(limits.nameLength)}`, 'too many characters'],
  ])('is not «%s»: %s', (text) => {
    expect(parseSubject(text)).toBeUndefined();
    expect(subject.safeParse(text).success).toBe(false);
  });

  it.each(['arn', 'spiffe', 'urn', 'http', 'https', 'tvm'])('never belongs to an entry %s', (entry) => {
    expect(isTrustName(entry)).toBe(false);
    expect(federatedSubject(entry, 'a')).toBeUndefined();
    expect(parseSubject(`${entry}:a`)).toBeUndefined();
  });

  it.each([
    ['is empty', ''],
    ['is too long', 'x'.repeat(limits.nameLength)],
    ['is too long once it is encoded', '%'.repeat(limits.nameLength / 3)],
    ['is not Unicode', 'a\ud800'],
  ])('does not exist if the mapped subject %s', (_, text) => {
    expect(federatedSubject('github', text)).toBeUndefined();
  });

  it('may have as many characters as a name', () => {
    const longest = federatedSubject('github', 'x'.repeat(limits.nameLength - 'github:'.length));
    expect(longest).toHaveLength(limits.nameLength);
    expect(parseSubject(longest ?? '')?.subject).toBe(longest);
  });

  it('is never that of an AWS workload', () => {
    const arn = 'arn:aws:iam::111122223333:role/orders-service';
    expect(parseFederatedSubject(arn)).toBeUndefined();
    expect(parseSubject(arn)?.kind).toBe('role');
  });
});

describe('mapped claims', () => {
  it.each([
    [{ repository_id: '1296269', ref_protected: true, run: 7, groups: ['a', 'b'] }],
    [{}],
    [{ text: 'x'.repeat(limits.claimLength) }],
  ])('may be %j', (given) => expect(claims.parse(given)).toEqual(given));

  it.each([
    ['a name with a dot', { 'kubernetes.io': 'x' }, 'must have names of'],
    ['a nested object', { a: { b: 'c' } }, 'must be true, false, a whole number, or text'],
    ['nothing', { a: null }, 'must be true, false'],
    ['a fraction', { a: 1.5 }, 'must be true, false'],
    ['a long text', { a: 'x'.repeat(limits.claimLength + 1) }, 'must'],
    [
      'too many claims',
      Object.fromEntries(Array.from({ length: limits.claims + 1 }, (_, n) => [`c${n}`, 1])),
      'at most 20',
    ],
    [
      'too much in all',
      Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`c${n}`, 'x'.repeat(limits.claimLength)])),
      'must have at most 4096 characters',
    ],
  ])('may not have %s', (_, given, message) => {
    expect(claims.safeParse(given).error?.issues[0]?.message).toContain(message);
  });
});
