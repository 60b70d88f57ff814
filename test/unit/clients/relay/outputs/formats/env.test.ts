import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { render } from 'tokenrelay/outputs/render.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aToken, settingsOf } from '../a-token.ts';
import { awkwardText } from '../awkward-text.ts';
import { readAsSystemd } from '../systemd-environment-file.ts';

const env = settingsOf({ format: 'env' });
const written = (values: Record<string, string>, variables?: Record<string, string>) =>
  render({ ...env, ...(variables && { variables }) }, 'my.api-token', aToken(values));

const sample = fc.sample(awkwardText, 400);
const sampled = Object.fromEntries(sample.map((text, index) => [`v_${index}`, text]));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-env-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the format env', () => {
  it('contains a bearer token under the name of the token', () => {
    expect(written({ token: 'abc' })).toBe('MY_API_TOKEN=abc\n');
  });

  it('contains each value under its own name in capitals', () => {
    expect(written({ 'db.user': 'anna', '1st-pass': 'b', éa: 'c', e: '' })).toBe(
      'DB_USER=anna\n_1ST_PASS=b\n_A=c\nE=\n',
    );
  });

  it('contains AWS keys under the names that the SDKs read', () => {
    const keys = { access_key_id: 'ASIA', secret_access_key: 'b', session_token: 'c' };
    expect(written(keys)).toBe('AWS_ACCESS_KEY_ID=ASIA\nAWS_SECRET_ACCESS_KEY=b\nAWS_SESSION_TOKEN=c\n');
    // A user name and a key of another service are not AWS credentials.
    expect(written({ access_key_id: 'x', password: 'b' })).toBe('ACCESS_KEY_ID=x\nPASSWORD=b\n');
  });

  it('contains only the mapped values', () => {
    expect(
      written({ username: 'anna', password: 'b', note: 'c' }, { DB_USER: 'username', PGPASSWORD: 'password' }),
    ).toBe('DB_USER=anna\nPGPASSWORD=b\n');
  });

  it('is not affected by values that are not mapped', () => {
    const odd = { random: 'x', b: 'a\0b', c: '\ud800', d: '\ufdd0' };
    expect(written({ username: 'anna', ...odd }, { DB_USER: 'username' })).toBe('DB_USER=anna\n');
  });

  it('refuses a mapping to a missing value', () => {
    expect(() => written({ username: 'anna' }, { X: 'toString' })).toThrow('it has no value "toString" for X');
  });

  it('refuses two values with the same variable', () => {
    expect(() => written({ 'a-b': '1', a_b: '2' })).toThrow('"a-b" and "a_b" both become A_B: list them in variables');
  });

  it.each([
    ...[
      'path',
      'ld_preload',
      'LD-LIBRARY-PATH',
      'node_options',
      'bash_env',
      'env',
      'ifs',
      'pythonpath',
      'https_proxy',
      'optind',
      'Lineno',
      'notify_socket',
    ],
    ...[
      'git_ssh_command',
      'java_tool_options',
      'ssl_cert_file',
      'gconv.path',
      'rubyopt',
      'perl5opt',
      'home',
      'uid',
      'maven_opts',
    ],
  ])('refuses a dangerous variable that a source named: %s', (name) => {
    expect(() => written({ [name]: 'hidden', other: 'x' })).toThrow(
      / would become [A-Z_\d]+, which changes how programs run/,
    );
  });

  it('writes a dangerous variable if the configuration maps it', () => {
    expect(written({ bin: '/opt/bin' }, { PATH: 'bin' })).toBe('PATH=/opt/bin\n');
  });

  it.each([
    ...['random', 'HISTCMD', 'epochseconds', 'username', 'gid', 'zsh.version', 'try-block-error', '_', 'é', ''],
    ...['hostname', 'prompt', 'lc_paper', 'tty', 'optarg', 'ps2', 'mail'],
  ])('refuses a variable with a meaning for shells that a source named: %j', (name) => {
    const refusal = () => written({ [name]: 'hidden', other: 'x' });
    expect(refusal).toThrow(
      /would become the variable \w+, which shells (evaluate or set themselves|use): give it another/,
    );
    expect(refusal).toThrow(`such as APP_`);
    expect(refusal).not.toThrow('hidden');
    expect(written({ [name]: 'x' }, { APP_VALUE: name })).toBe('APP_VALUE=x\n');
  });

  it.each([
    'RANDOM',
    'OPTIND',
    'USERNAME',
    '_',
    'path',
    'status',
    'BASH_ENV',
  ])('never writes %s, even if it is mapped', (variable) => {
    expect(() => written({ a: 'x' }, { [variable]: 'a' })).toThrow(
      `the variable ${variable}, which shells evaluate or set`,
    );
  });

  it('writes further lines within quotes', () => {
    const pem = '-----BEGIN X-----\nab+/c=\n-----END X-----\n';
    expect(written({ user: 'u', tls_key: pem, dos: 'a\r\nb' })).toBe(`USER=u\nTLS_KEY="${pem}"\nDOS="a\r\nb"\n`);
  });

  it.each([
    'a\n \tPATH=/tmp',
    'a\r\nBASH_ENV=x',
    'x\n\n\u00a0NODE_OPTIONS=-r x',
    'a\nRANDOM=x',
  ])('refuses a further line that docker would take for a dangerous variable: %j', (text) => {
    expect(() => written({ password: text })).toThrow('one of its lines assigns a variable such as LD_PRELOAD');
  });

  it('searches further lines in linear time', () => {
    const value = '\n'.repeat(200_000) + '\n \n'.repeat(200_000) + 'A'.repeat(200_000);
    expect(written({ password: value })).toContain(value);
  });

  it.each([
    '\r',
    '\0',
    '\x1b',
    '\x7f',
    '\ufdd0',
    '\u{10ffff}',
    '\ud800',
    'a\nLD_PRELOAD=/tmp/x.so',
  ])('refuses a value with a character that systemd cannot read: %j', (text) => {
    const refusal = () => written({ password: `hidden${text}` });
    expect(refusal).toThrow('its value "password" cannot be the variable PASSWORD: ');
    expect(refusal).not.toThrow('hidden');
  });

  it.each([
    '\0',
    '\x1b',
    '\ud800',
    'a\nLD_PRELOAD=/tmp/x.so',
  ])('leaves out such a value, names its variable and writes the others: %j', (text) => {
    const values = { user: 'u', 'db.note': `hidden${text}`, db: 'd' };
    for (const [variables, variable] of [
      [undefined, 'DB_NOTE'],
      [{ USER: 'user', NOTE: 'db.note', DB: 'db' }, 'NOTE'],
    ] as const) {
      const named: string[] = [];
      const settings = { ...env, ...(variables && { variables }) };
      expect(render(settings, 'my.api-token', aToken(values), (why) => named.push(why))).toBe('USER=u\nDB=d\n');
      expect(named).toEqual([expect.stringContaining(`its value "db.note" cannot be the variable ${variable}: `)]);
      expect(named.join('')).not.toContain('hidden');
    }
  });

  it('refuses a token of which it can write no value', () => {
    const refused = () => render(env, 'my.api-token', aToken({ a: '\0', b: '\x1b' }), () => {});
    expect(refused).toThrow('its value "a" cannot be the variable A: it contains a control character');
  });

  it('escapes and truncates the name of a value in an error', () => {
    const name = `x\ny${'z'.repeat(100)}`;
    expect(() => written({ [name]: '\x1b' })).toThrow(`its value "x\\ny${'z'.repeat(61)}…" cannot be the variable`);
  });

  it.each([
    'eyJhbGciOiJFUzI1NiJ9.e30.c2ln-_',
    'AQoDYXdz/+==',
    'a:b@c%d,e',
    ...['#abc', 'p#ss', '*', 'a?b', 'wow!', 'a^b', '{a,b}', '[a]', 'naïve', '🔑', 'a~b', '', 'a\u00a0b\u3000'],
  ])('does not quote %s, so that docker can read it', (text) => {
    expect(written({ token: text })).toBe(`MY_API_TOKEN=${text}\n`);
  });

  it('quotes characters that a shell would interpret', () => {
    expect(written({ token: 'a "b" \\ $c `d` ~e' })).toBe('MY_API_TOKEN="a \\"b\\" \\\\ \\$c \\`d\\` ~e"\n');
    for (const text of ['~root', 'a:~root', 'a=~root', 'a=b:~']) {
      expect(written({ token: text })).toBe(`MY_API_TOKEN="${text}"\n`);
    }
  });

  it('round-trips through a POSIX shell', () => {
    const file = join(folder, 'values.env');
    writeFileSync(file, written(sampled));
    const script = `. "$1"\n${sample.map((_text, index) => `printf '%s\\0' "$V_${index}"`).join('\n')}`;
    const read = execFileSync('sh', ['-c', script, 'sh', file], { encoding: 'utf8', env: {} });
    expect(read.split('\0').slice(0, -1)).toEqual(sample);
  });

  it('round-trips with the rules of systemd', () => {
    expect(Object.values(readAsSystemd(written(sampled)))).toEqual(sample);
  });
});
