import { SourceFailure } from 'tokenrelay/model/source.ts';
import { printedFormats } from 'tokenrelay/sources/exec/printed-token.ts';
import { describe, expect, it } from 'vitest';

const NOW = Date.UTC(2026, 0, 1, 12);
const COMMAND = '/usr/bin/print-token';
type Format = keyof typeof printedFormats;

const read = (format: Format, printed: string | object) =>
  printedFormats[format](typeof printed === 'string' ? printed : JSON.stringify(printed), COMMAND, NOW);

function failure(format: Format, printed: string | object): string {
  try {
    read(format, printed);
  } catch (error) {
    expect(error).toBeInstanceOf(SourceFailure);
    expect(String(error)).not.toContain('s3cret');
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

describe('raw output of a command', () => {
  it('is the token, without the newline', () => {
    expect(read('raw', 'a token\n')).toEqual({ values: { token: 'a token' } });
    expect(read('raw', 'token\r\n')).toEqual({ values: { token: 'token' } });
  });

  it('expires with its JWT', () => {
    const token = `e30.${Buffer.from('{"exp":1800000000}').toString('base64url')}.c2ln`;
    expect(read('raw', token)).toEqual({ values: { token }, expiresAt: 1_800_000_000_000 });
  });

  it.each(['', '\n', 's3cret\n\n', 's3cret\nmore\n', 's3cret\0', 's3crét'])('is refused as %j', (printed) => {
    expect(failure('raw', printed)).toContain(COMMAND);
  });
});

describe('JSON output of a command', () => {
  it('is a token or values, with their expiry', () => {
    expect(read('json', { token: 'abc', expires_in: 60, more: 1 })).toEqual({
      values: { token: 'abc' },
      expiresAt: NOW + 60_000,
    });
    const values = { user: 'u', password: 'line\nline' };
    expect(read('json', { values, expiration: '2026-01-01T13:00:00Z' })).toEqual({
      values,
      expiresAt: NOW + 3_600_000,
    });
  });

  it.each([
    ['""', ''],
    ['5', '5'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.0', '1.0'],
    ['true', 'true'],
    ['{"b":[1e2,null]}', '{"b":[1e2,null]}'],
  ])('may have any value, with its exact text: %s', (json, text) => {
    const printed = `{"values":{"user":"u","none":null,"":"","v":${json}},"expires_in":60.0}`;
    expect(read('json', printed)).toEqual({ values: { user: 'u', '': '', v: text }, expiresAt: NOW + 60_000 });
  });

  it.each([
    's3cret',
    '["s3cret"]',
    {},
    { token: '' },
    { token: 5 },
    { values: {} },
    { values: { a: null } },
    { token: 's3cret', values: { a: 's3cret' } },
  ])('is refused as %j', (printed) => {
    expect(failure('json', printed)).toBe(`${COMMAND} did not print JSON with a token, or with values`);
  });

  it('may have null for a member that is absent', () => {
    expect(read('json', { token: 'abc', values: null, expires_in: null, expiration: null })).toEqual({
      values: { token: 'abc' },
    });
    expect(read('json', { token: null, values: { a: 'b' }, expires_in: 60, expiration: null })).toEqual({
      values: { a: 'b' },
      expiresAt: NOW + 60_000,
    });
  });

  it('must have a valid expiry or none', () => {
    for (const wrong of ['soon', '', true, {}, []]) {
      expect(failure('json', { token: 's3cret', expires_in: wrong })).toContain(
        'expires_in that is not a number of seconds',
      );
      expect(failure('json', { token: 's3cret', expiration: wrong })).toContain('expiration that is not a time');
    }
    expect(failure('json', { token: 's3cret\n' })).toContain('printable ASCII');
  });
});

describe('credential_process output of a command', () => {
  const credentials = { Version: 1, AccessKeyId: 'AKIA', SecretAccessKey: 's3cret' };

  it('is AWS credentials', () => {
    expect(read('credential-process', credentials)).toEqual({
      values: { access_key_id: 'AKIA', secret_access_key: 's3cret' },
    });
    expect(read('credential-process', '{"Version":1.0,"AccessKeyId":"AKIA","SecretAccessKey":"k"}')).toEqual({
      values: { access_key_id: 'AKIA', secret_access_key: 'k' },
    });
    const more = { SessionToken: 'st', Expiration: '2026-01-01T12:15:00+00:00' };
    expect(read('credential-process', { ...credentials, ...more })).toEqual({
      values: { access_key_id: 'AKIA', secret_access_key: 's3cret', session_token: 'st' },
      expiresAt: NOW + 900_000,
    });
  });

  it('may have null for a member that is absent', () => {
    expect(read('credential-process', { ...credentials, SessionToken: null, Expiration: null })).toEqual({
      values: { access_key_id: 'AKIA', secret_access_key: 's3cret' },
    });
  });

  it.each(['soon', '', true, {}])('is refused with the expiry %j', (Expiration) => {
    expect(failure('credential-process', { ...credentials, Expiration })).toContain('an expiration that is not a time');
  });

  it.each([
    { Version: 2 },
    { Version: '1' },
    { AccessKeyId: '' },
    { SecretAccessKey: undefined },
    { SessionToken: '' },
  ])('is refused with %j', (change) => {
    expect(failure('credential-process', { ...credentials, ...change })).toContain('did not print JSON with Version 1');
  });
});
