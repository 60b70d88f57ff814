import fc from 'fast-check';
import { render } from 'tokenrelay/outputs/render.ts';
import { describe, expect, it } from 'vitest';
import { anEndlessToken, aToken, END, settingsOf } from '../a-token.ts';

const json = settingsOf({ format: 'json' });

describe('the format json', () => {
  it('contains a bearer token and its expiry, on one line', () => {
    expect(render(json, 'api', aToken({ token: 'abc' }))).toBe(`{"token":"abc","expiration_timestamp":"${END}"}\n`);
  });

  it('contains no expiry if the source sets none', () => {
    expect(render(json, 'api', anEndlessToken({ token: 'abc' }))).toBe('{"token":"abc"}\n');
  });

  it('contains the expiry of an expired token that its source wants to be used', () => {
    const token = { ...anEndlessToken({ token: 'abc' }), expiredAt: Date.parse(END) };
    expect(render(json, 'api', token)).toContain(`"expiration_timestamp":"${END}"`);
  });

  it('rounds the expiry down to whole seconds', () => {
    expect(render(json, 'api', aToken({ token: 'abc' }, Date.parse(END) + 999))).toContain(END);
  });

  it.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -1,
    Date.UTC(10_000),
  ])('refuses an expiry that is not a date: %s', (end) => {
    expect(() => render(json, 'api', aToken({ token: 'abc' }, end))).toThrow('its expiry is not a valid date');
  });

  it('refuses a value with the name of the expiry', () => {
    const token = aToken({ password: 'x', expiration_timestamp: '2099-01-01T00:00:00Z' });
    expect(() => render(json, 'db', token)).toThrow(
      'token db cannot be written to /run/tokenrelay/out: its value "expiration_timestamp" has the name that',
    );
  });

  it('refuses a lone surrogate, which UTF-8 cannot represent', () => {
    expect(() => render(json, 'db', aToken({ password: 'x\ud800' }))).toThrow(
      'its value "password" is not valid Unicode',
    );
  });

  it('round-trips any names and values', { timeout: 20_000 }, () => {
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
