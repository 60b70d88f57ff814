import { retryAfterOf } from '@tvm/api/retry-after.ts';
import { jsonObject } from 'tokenrelay/http/json-object.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { describe, expect, it } from 'vitest';

const answer = (status: number, body: string, headers: Record<string, string> = {}) => ({ status, body, headers });

function failure(...args: Parameters<typeof answer>): SourceFailure {
  try {
    jsonObject(answer(...args), 'auth.example.com');
  } catch (error) {
    expect(error).toBeInstanceOf(SourceFailure);
    return error as SourceFailure;
  }
  throw new Error('it should have failed');
}

describe('the JSON object in a response', () => {
  it('is returned for a status of 200 to 299', () => {
    expect(jsonObject(answer(201, '{"a":1}'), 'x')).toEqual({ a: 1 });
  });

  it.each([
    ['<html>', 'text/html; charset=utf-8', 'text/html'],
    ['[1]', 'application/json', 'application/json'],
    ['null', 'application/json', 'application/json'],
    ['"text"', 'a<b>', 'no content type'],
  ])('is not %s', (body, type, shown) => {
    expect(failure(200, body, { 'content-type': type }).message).toBe(
      `auth.example.com answered 200 with ${shown}, not a JSON object`,
    );
  });

  it('is an error for any other status, which reports only an OAuth error code', () => {
    expect(failure(302, '{}').message).toBe('auth.example.com answered 302');
    expect(failure(401, '{"error":"invalid_client"}').message).toBe('auth.example.com answered 401 (invalid_client)');
    for (const error of ['the secret was: s3cret', `${'x'.repeat(65)}`, '', 5, { s: 's3cret' }]) {
      expect(failure(400, JSON.stringify({ error, error_description: 's3cret' })).message).toBe(
        'auth.example.com answered 400',
      );
    }
  });

  it('has the delay of Retry-After in its error', () => {
    expect(failure(429, '', { 'retry-after': '7' }).retryAfter).toBe(7_000);
    expect(failure(503, '').retryAfter).toBeUndefined();
  });
});

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['Thursday, 01-Jan-26 00:00:30 GMT', 30_000],
    ['Thu Jan  1 00:00:30 2026', 30_000],
    ['9999999999', 3_600_000],
    ['9'.repeat(400), 3_600_000],
    ['-5', undefined],
    ['1.5', undefined],
    ['+5', undefined],
    ['Fri, 01 Jan 2027 00:00:00 GMT', 3_600_000],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%j is %j milliseconds, in every time zone', (header, wait) => {
    const zone = process.env.TZ;
    for (const TZ of ['UTC', 'America/New_York', 'Asia/Tokyo']) {
      process.env.TZ = TZ;
      expect(retryAfterOf(header, now)).toBe(wait);
    }
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });
});
