import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SourceFailure } from 'tokenrelay/model/source.ts';
import { exec } from 'tokenrelay/sources/exec.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type * as z from 'zod';
import { sourceTools, stoppedClock } from './support/source-tools.ts';

const NOW = Date.UTC(2026, 0, 1, 12);
const never = new AbortController().signal;
type Settings = z.input<typeof exec.settings>;
let folder: string;
let configFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-exec-'));
  configFile = join(folder, 'config.yaml');
  await writeFile(configFile, '', { mode: 0o640 });
});
afterEach(() => rm(folder, { recursive: true }));

const sh = (script: string, ...args: string[]) => ['/bin/sh', '-c', script, 'sh', ...args];
async function fetched(settings: Settings, signal = never) {
  const tools = { ...sourceTools(stoppedClock(NOW)), configFolder: folder, configFile };
  return await exec.create(exec.settings.parse(settings), tools).fetch(undefined, signal);
}
async function failure(settings: Settings, signal = never): Promise<string> {
  const error: unknown = await fetched(settings, signal).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SourceFailure);
  expect(`${error} ${(error as Error).cause}`).not.toMatch(/s3cret|t0ken/);
  return (error as Error).message;
}

describe('a command that prints a token', () => {
  it('is run without a shell', async () => {
    const command = ['/usr/bin/printf', '%s\\n', '$HOME `id`'];
    expect(await fetched({ command })).toEqual({ values: { token: '$HOME `id`' }, fetchedAt: NOW });
  });

  it('may print JSON, or AWS credentials', async () => {
    const json = JSON.stringify({ token: 't0ken', expires_in: 60 });
    expect(await fetched({ command: ['/usr/bin/printf', '%s', json], format: 'json' })).toEqual({
      values: { token: 't0ken' },
      fetchedAt: NOW,
      expiresAt: NOW + 60_000,
    });
    const Expiration = new Date(NOW + 1_000).toISOString();
    const aws = JSON.stringify({ Version: 1, AccessKeyId: 'A', SecretAccessKey: 'S', SessionToken: 'T', Expiration });
    expect(await fetched({ command: ['/usr/bin/printf', '%s', aws], format: 'credential-process' })).toEqual({
      values: { access_key_id: 'A', secret_access_key: 'S', session_token: 'T' },
      fetchedAt: NOW,
      expiresAt: NOW + 1_000,
    });
  });

  it('gets only the configured variables of the agent’s environment', async () => {
    const environment = ['RELAY_TEST_NAMED'];
    Object.assign(process.env, { RELAY_TEST_NAMED: 'named', RELAY_TEST_SECRET: 's3cret' });
    try {
      const command = sh('echo "$RELAY_TEST_NAMED-$RELAY_TEST_SECRET"');
      expect(await fetched({ command, environment })).toMatchObject({ values: { token: 'named-' } });
      expect(await fetched({ command })).toMatchObject({ values: { token: '-' } });
    } finally {
      delete process.env.RELAY_TEST_NAMED;
      delete process.env.RELAY_TEST_SECRET;
    }
  });

  it('is reported if it fails, with its exit code or signal and only the size of its output', async () => {
    expect(await failure({ command: sh('echo t0ken; echo s3cret >&2; exit 7') })).toBe(
      '/bin/sh exited with code 7, with 7 bytes on its standard error',
    );
    expect(await failure({ command: sh('kill -KILL $$') })).toContain('was killed by SIGKILL');
    expect(await failure({ command: ['/usr/bin/env', 'no-such-command'] })).toMatch(
      /^\/usr\/bin\/env exited with code 127 \(a command was not found on its PATH\), with \d+ bytes/,
    );
    expect(await failure({ command: [join(folder, 'none')] })).toContain('could not be started (ENOENT)');
  });

  it('is killed if it hangs, prints without end, or is cancelled', async () => {
    expect(await failure({ command: ['/bin/sleep', '600'], timeout_seconds: 0.1 })).toContain(
      'longer than 0.1 seconds',
    );
    expect(await failure({ command: ['/bin/cat', '/dev/zero'] })).toContain('more than 65536 bytes');
    const stop = new AbortController();
    const failed = failure({ command: ['/bin/sleep', '600'] }, stop.signal);
    stop.abort();
    expect(await failed).toContain('aborted');
  });

  it('returns no token if it prints an expired one, or none', async () => {
    const printing = (value: object) => ({ command: ['/usr/bin/printf', '%s', JSON.stringify(value)] });
    const expired = { token: 't0ken', expiration: new Date(NOW).toISOString() };
    expect(await failure({ ...printing(expired), format: 'json' })).toContain('already expired');
    expect(await failure({ command: ['/bin/true'] })).toContain('returned no token');
  });

  it.each([0o664, 0o646])('is not run if another user can write the configuration (mode %o)', async (mode) => {
    const marker = join(folder, 'marker');
    await chmod(configFile, mode);
    expect(await failure({ command: ['/usr/bin/touch', marker] })).toBe(
      `/usr/bin/touch was not run: other users can write ${configFile}: remove write access (chmod go-w)`,
    );
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  it('is not run if another user can write the configuration’s folder', async () => {
    await chmod(folder, 0o777);
    expect(await failure({ command: ['/bin/echo', 't0ken'] })).toContain(`other users can write in ${folder}`);
  });
});
