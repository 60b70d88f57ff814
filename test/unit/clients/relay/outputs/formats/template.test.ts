import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { render, templateFault } from 'tokenrelay/outputs/render.ts';
import { describe, expect, it } from 'vitest';
import { anEndlessToken, aToken, END, settingsOf } from '../a-token.ts';

const filled = (template: string, values: Record<string, string>) =>
  render(settingsOf({ format: 'template', template }), 'api', aToken(values));
const anyText = fc.string({ unit: 'binary', minLength: 1 });

describe('the format template', () => {
  it('replaces placeholders with values and changes nothing else', () => {
    expect(filled('[a]\r\nt={{token|raw}} }} { {{  token | json  }}\n', { token: 'x"y' })).toBe(
      '[a]\r\nt=x"y }} { "x\\"y"\n',
    );
  });

  it('allows JSON braces around a placeholder', () => {
    const written = filled('{"a":{"b":{{ token | json }}}}', { token: '}}{{ token | raw }}' });
    expect(JSON.parse(written)).toEqual({ a: { b: '}}{{ token | raw }}' } });
  });

  it('provides the expiry of the token', () => {
    expect(filled('{{ expiration_timestamp | json }}', { token: 'x' })).toBe(`"${END}"`);
  });

  it('refuses an expiry that the source does not set', () => {
    const settings = settingsOf({ format: 'template', template: '{{ expiration_timestamp | json }}' });
    expect(() => render(settings, 'api', anEndlessToken({ token: 'x' }))).toThrow('it has no "expiration_timestamp"');
  });

  it('refuses a value with the name of the expiry', () => {
    expect(() => filled('{{ expiration_timestamp | raw }}', { expiration_timestamp: '2099' })).toThrow(
      'its value "expiration_timestamp" has the name that templates use for the expiry',
    );
  });

  it.each(['passwort', 'constructor', '__proto__'])('refuses a missing value: %s', (name) => {
    expect(() => filled(`{{ ${name} | raw }}`, { password: 'x' })).toThrow(
      `it has no "${name}", which the template uses`,
    );
  });

  it.each(['\n', '\r', '\0', '\x1b[2J', '\x7f'])('refuses a control character in raw: %j', (text) => {
    const refusal = () => filled('{{ token | raw }}', { token: `hidden${text}` });
    expect(refusal).toThrow('its value "token" contains a control character');
    expect(refusal).not.toThrow('hidden');
  });

  it('refuses a NUL for a shell', () => {
    expect(() => filled('{{ token | shell }}', { token: 'a\0b' })).toThrow('its value "token" contains a NUL');
  });

  it('escapes all but unreserved characters (RFC 3986) for a URL', () => {
    expect(filled('{{ v | url }}', { v: "aZ09-._~ !'()*&=+%/é" })).toBe(
      'aZ09-._~%20%21%27%28%29%2A%26%3D%2B%25%2F%C3%A9',
    );
  });

  it('round-trips as JSON, as a part of a URL and as base64', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(JSON.parse(filled('{{ v | json }}', { v: text }))).toBe(text);
        const part = filled('{{ v | url }}', { v: text });
        expect(part).toMatch(/^(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+$/);
        expect(decodeURIComponent(part)).toBe(text);
        expect(Buffer.from(filled('{{ v | base64 }}', { v: text }), 'base64').toString()).toBe(text);
      }),
    );
  });

  it('round-trips through a shell, including newlines', () => {
    const sample = fc.sample(anyText, 300).map((text) => `${text.replaceAll('\0', '')}'\n$(id)\``);
    const values = Object.fromEntries(sample.map((text, index) => [`v${index}`, text]));
    const script = filled(sample.map((_text, index) => `printf '%s\\0' {{ v${index} | shell }}`).join('\n'), values);
    const read = execFileSync('sh', ['-s'], { input: script, encoding: 'utf8', env: {} });
    expect(read.split('\0').slice(0, -1)).toEqual(sample);
  });
});

describe('the syntax error of a template', () => {
  it.each([
    'plain',
    '{{ token | json }}',
    '{{ a.b/c | shell }}{{x|url}}',
    'a }} b { c } d',
  ])('is undefined for %s', (template) => {
    expect(templateFault(template)).toBeUndefined();
  });

  it.each([
    ['{{ token }}', 'has {{ token }}, which must be {{ name | escaper }}'],
    ['{{ | json }}', 'has {{ | json }}, which must be'],
    ['{{ token | json | raw }}', 'which must be {{ name | escaper }}'],
    ['{{{ token | json }}', 'which must be {{ name | escaper }}'],
    ['ab{{ token | json', 'has {{ at character 3 without a closing'],
    ['{{ token | html }}', 'has the unknown escaper "html"; the escapers are json, shell, url, base64, raw'],
    ['{{ token | constructor }}', 'has the unknown escaper "constructor"'],
    ['{{ token | json }}{{ x }}', 'has {{ x }}'],
  ])('is reported for %s', (template, fault) => {
    expect(templateFault(template)).toContain(fault);
    expect(() => filled(template, { token: 'x' })).toThrow(`its template ${templateFault(template)}`);
  });
});
