import { signedHeaders } from '@tvm/api/signature.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

// AWS's own test suite of Signature Version 4, as its SDKs hold themselves to it:
// https://github.com/awslabs/aws-c-auth/tree/main/tests/aws-signing-test-suite/v4
const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const sessionToken =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7' +
  'mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d' +
  '+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==';
const form = {
  method: 'POST',
  headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  body: 'Param1=value1',
};

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2015, 7, 30, 12, 36) });
});
afterEach(() => {
  vi.useRealTimers();
});

const sign = (request: Partial<Parameters<typeof signedHeaders>[0]>) =>
  signedHeaders({
    method: 'GET',
    url: 'https://example.amazonaws.com/',
    service: 'service',
    region: 'us-east-1',
    credentials: key,
    ...request,
  });

describe('the headers of a signed request', () => {
  it.each([
    ['get-vanilla', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      { url: 'https://example.amazonaws.com/?Param2=value2&Param1=value1' },
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    ['post-x-www-form-urlencoded', form, 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a'],
    [
      'post-sts-header-before',
      { method: 'POST', credentials: { ...key, sessionToken } },
      '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
    ],
  ])('have the signature of %s in AWS’s test suite', async (_name, request, signature) => {
    expect((await sign(request)).authorization).toMatch(new RegExp(` Signature=${signature}$`));
  });

  it('are all that must be sent, with names in lower case', async () => {
    expect(await sign({ ...form, url: 'https://example.amazonaws.com:8443/' })).toEqual({
      'content-type': 'application/x-www-form-urlencoded',
      host: 'example.amazonaws.com:8443',
      'x-amz-date': '20150830T123600Z',
      authorization: expect.stringContaining('SignedHeaders=content-type;host;x-amz-date, '),
    });
  });

  it('sign every value of a name that comes twice', async () => {
    const of = async (query: string) => (await sign({ url: `https://example.amazonaws.com/?${query}` })).authorization;
    expect(await of('a=1&a=2')).not.toBe(await of('a=2'));
    expect(await of('a=1&a=2')).toBe(await of('a=2&a=1'));
  });
});
