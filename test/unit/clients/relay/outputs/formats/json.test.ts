import fc from 'fast-check';
import { render } from 'tokenrelay/outputs/render.ts';
import { describe, expect, it } from 'vitest';
import { anEndlessToken, aToken, END, settingsOf } from '../a-token.ts';

const json = settingsOf({ format: 'json' });

describe('the format json', () => {
  it('holds a bearer token and when it ends, in one line', () => {
    expect(render(json, 'api', aToken({ token: 'abc' }))).toBe(`{"token":"abc","expiration_timestamp":"${END}"}\n`);
  });

  it('says nothing of an end that the source does not set', () => {
    expect(render(json, 'api', anEndlessToken({ token: 'abc' }))).toBe('{"token":"abc"}\n');
  });

  it('drops a part of a second rather than call the token good for longer', () => {
    expect(render(json, 'api', aToken({ token: 'abc' }, Date.parse(END) + 999))).toContain(END);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -1, Date.UTC(10_000)])('refuses an end that is no date: %s', (end) => {
    expect(() => render(json, 'api', aToken({ token: 'abc' }, end))).toThrow('its expiry is not a valid date');
  });

  it('refuses a value that has the name of the end', () => {
    const token = aToken({ password: 'x', expiration_timestamp: '2099-01-01T00:00:00Z' });
    expect(() => render(json, 'db', token)).toThrow(
      'token db cannot be written to /run/tokenrelay/out: its value "expiration_timestamp" has the name that',
    );
  });

  it('refuses half of a surrogate pair, which UTF-8 cannot hold', () => {
    expect(() => render(json, 'db', aToken({ password: 'x\ud800' }))).toThrow(
      'its value "password" is not valid Unicode',
    );
  });

  it('is read back the same, whatever the names and values', { timeout: 20_000 }, () => {
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
    const names = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'token'));
    fc.assert(
      fc.property(fc.dictionary(names, text, { minKeys: 1, maxKeys: 4 }), (values) => {
        fc.pre(!Object.hasOwn(values, 'expiration_timestamp'));
        const written = render(json, 'db', aToken(values));
        expect(Buffer.from(written).toString()).toBe(written);
        expect(written.indexOf('\n')).toBe(written.length - 1);
        const { expiration_timestamp: end, ...read } = JSON.parse(written);
        expect(end).toBe(END);
        expect(Object.entries(read).sort()).toEqual(Object.entries(values).sort());
      }),
    );
  });
});
