import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secretReader } from 'tokenrelay/config/secrets.ts';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SECRET = 'correct horse';

describe('a secret can be', () => {
  let folder: string;
  let env: NodeJS.ProcessEnv;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'relay-secrets-'));
    env = { CREDENTIALS_DIRECTORY: join(folder, 'credentials'), PASSWORD: SECRET, EMPTY: '' };
    mkdirSync(join(folder, 'credentials'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const tokens: Record<string, Token> = {
    bearer: { values: { token: SECRET }, fetchedAt: 0 },
    database: { values: { username: 'u', password: SECRET }, fetchedAt: 0 },
  };
  const read = (reference: Parameters<ReturnType<typeof secretReader>>[0]) =>
    secretReader(env, { current: (name) => tokens[name] })(reference);
  const refused = async (reference: Parameters<typeof read>[0]) => {
    const error = await read(reference).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SourceFailure);
    expect(String(error)).not.toContain(SECRET);
    return (error as SourceFailure).message;
  };
  const file = (name: string, content: string | Buffer, mode = 0o600) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };

  it.each([
    ['without a newline', SECRET, SECRET],
    ['with a newline', `${SECRET}\n`, SECRET],
    ['with the line end of Windows', `${SECRET}\r\n`, SECRET],
    ['with two line ends, of which one is its own', `${SECRET}\n\n`, `${SECRET}\n`],
    ['with blanks', ` ${SECRET} `, ` ${SECRET} `],
  ])('a file %s', async (_, content, secret) => {
    expect(await read({ file: file('secret', content) })).toBe(secret);
  });

  it('a link to a file, as systemd and Kubernetes create them', async () => {
    file('target', SECRET);
    symlinkSync('target', join(folder, 'link'));
    expect(await read({ file: join(folder, 'link') })).toBe(SECRET);
  });

  it('a file, which is read each time', async () => {
    const path = file('rotated', 'old');
    const reader = secretReader(env, { current: () => undefined });
    expect(await reader({ file: path })).toBe('old');
    file('rotated', 'new');
    expect(await reader({ file: path })).toBe('new');
  });

  it('not a file that every user can read or write', async () => {
    expect(await refused({ file: file('open', SECRET, 0o644) })).toContain('is readable by every user');
    expect(await refused({ file: file('open', SECRET, 0o602) })).toContain('is writable by every user');
    expect(await read({ file: file('open', SECRET, 0o640) })).toBe(SECRET);
  });

  it('not a file that is empty, too large, binary, a folder or missing', async () => {
    expect(await refused({ file: file('empty', '\n') })).toBe(`the secret's file ${join(folder, 'empty')} is empty`);
    expect(await refused({ file: file('large', 'x'.repeat(65_537)) })).toContain('is larger than 64 KiB');
    expect(await refused({ file: file('binary', Buffer.from([0xff, 0xfe])) })).toContain('is not UTF-8 text');
    expect(await refused({ file: folder })).toContain('is not a regular file');
    expect(await refused({ file: join(folder, 'none') })).toContain('does not exist');
    expect(await read({ file: file('large', 'x'.repeat(65_536)) })).toHaveLength(65_536);
  });

  it('a systemd credential, with any mode', async () => {
    file('credentials/login', `${SECRET}\n`, 0o444);
    expect(await read({ credential: 'login' })).toBe(SECRET);
    expect(await read({ file: join(folder, 'credentials', 'login') })).toBe(SECRET);
    expect(await refused({ credential: '..' })).toContain('is not a regular file');
    expect(await refused({ credential: 'other' })).toContain('does not exist');
    await expect(secretReader({}, { current: () => undefined })({ credential: 'login' })).rejects.toThrow(
      'add LoadCredential=login:',
    );
  });

  it('an environment variable', async () => {
    expect(await read({ env: 'PASSWORD' })).toBe(SECRET);
    expect(await refused({ env: 'EMPTY' })).toContain('EMPTY, which should contain a secret, is not set');
    expect(await refused({ env: 'NONE' })).toContain('NONE, which should contain a secret, is not set');
  });

  it('another token', async () => {
    expect(await read({ token: 'bearer' })).toBe(SECRET);
    expect(await read({ token: 'database', value: 'password' })).toBe(SECRET);
    expect(await refused({ token: 'database' })).toContain('has several values: select one');
    expect(await refused({ token: 'database', value: 'toString' })).toContain(
      'has no value toString (it has username, password)',
    );
    expect(await refused({ token: 'later' })).toBe(
      'the token later, which this token depends on, is not available yet',
    );
  });

  it('another token, whose values have hostile or very long names', async () => {
    const names = ['line\nbreak', 'x'.repeat(100_000), ...Array.from({ length: 1_000 }, (_, at) => `name-${at}`)];
    const values = Object.fromEntries(names.map((name) => [name, SECRET]));
    const reading = secretReader({}, { current: () => ({ values, fetchedAt: 0 }) })({ token: 't', value: 'none' });
    const { message } = await reading.catch((error) => error);
    expect(message).toContain('name-9, and others)');
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(300);
  });

  it('the configuration itself, if that is explicit', async () => {
    expect(await read({ insecure_inline: SECRET })).toBe(SECRET);
  });
});
