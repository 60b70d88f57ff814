import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type RelayFolder,
  relayFolder,
  runTokenrelay,
  type Started,
  startTokenrelay,
  until,
} from './support/run-tokenrelay.ts';

const KEYS = { access_key_id: 'AKIAIOSFODNN7EXAMPLE', secret_access_key: 'wJalrXUt/bPxRfi', session_token: 'IQoJb3' };

describe('commands that query the running agent', () => {
  let folder: RelayFolder;
  let agent: Started;
  let ask: (...args: string[]) => ReturnType<typeof runTokenrelay>;

  beforeAll(async () => {
    folder = relayFolder();
    folder.issue('first-token');
    const keys = join(folder.path, 'keys.json');
    writeFileSync(keys, JSON.stringify({ values: KEYS, expires_in: 3_600 }));
    const [token] = (folder.configuration() as { tokens: [object] }).tokens;
    folder.configure(
      folder.configuration({
        tokens: [
          token,
          { name: 'keys', type: 'exec', source: { command: ['/bin/cat', keys], format: 'json' } },
          { name: 'late', type: 'exec', source: { command: ['/bin/cat', join(folder.path, 'late')] } },
        ],
      }),
    );
    agent = startTokenrelay(['--config', folder.config]);
    ask = (...args) => runTokenrelay([...args, '--socket', folder.socket]);
    await until('the agent to be ready', () => agent.logged().some(({ msg }) => msg === 'ready'));
  });
  afterAll(async () => {
    agent.process.kill('SIGKILL');
    await agent.ended;
    folder.remove();
  });

  it('get prints only the bearer token', async () => {
    expect(await ask('get', 'my_app')).toEqual({ code: 0, stdout: 'first-token\n', stderr: '' });
  });

  it('get finds the agent through its configuration', async () => {
    const { code, stdout } = await runTokenrelay(['get', 'my_app', '--config', folder.config]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'first-token\n' });
  });

  it('get prints the content of a file in the format json', async () => {
    const { stdout } = await ask('get', 'my_app', '--format', 'json');
    expect(stdout).toBe(folder.written());
    expect((await ask('get', 'my_app', '--output', 'json')).stdout).toBe(stdout);
  });

  it('get prints the content of a file in the format env', async () => {
    expect((await ask('get', 'my_app', '--format', 'env')).stdout).toBe('MY_APP=first-token\n');
  });

  it('get prints AWS keys like a credential process', async () => {
    const { code, stdout } = await ask('get', 'keys', '--format', 'credential-process');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      Version: 1,
      AccessKeyId: KEYS.access_key_id,
      SecretAccessKey: KEYS.secret_access_key,
      SessionToken: KEYS.session_token,
      Expiration: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  it.each([
    ['keys', 'raw'],
    ['my_app', 'credential-process'],
  ])('get rejects %s as %s, without its values', async (name, format) => {
    const { code, stdout, stderr } = await ask('get', name, '--format', format);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`token ${name} `);
    expect(stderr).not.toMatch(/first-token|AKIA|wJalr|IQoJb3/);
  });

  it('get exits with 3 for a token that is not fetched yet, and with 2 for an unknown one', async () => {
    const late = await ask('get', 'late');
    expect(late).toEqual({ code: 3, stdout: '', stderr: 'tokenrelay: the token late was not fetched yet\n' });
    const unknown = await ask('get', 'other', '--output', 'json');
    expect({ code: unknown.code, stdout: unknown.stdout }).toEqual({ code: 2, stdout: '' });
    expect(JSON.parse(unknown.stderr)).toMatchObject({ error: 'usage' });
  });

  it('status shows a table, and exits with 3 while a token is unhealthy', async () => {
    const { code, stdout, stderr } = await ask('status');
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    const [titles, ...rows] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^NAME +STATE +AGE +EXPIRES IN +LAST ERROR$/);
    expect(rows[0]).toMatch(/^my_app +fresh +\d+s +59m \d+s +-$/);
    expect(rows[2]).toMatch(/^late +waiting +- +- +\/bin\/cat /);
  });

  it('status --output json reports the health of each token, and never its values', async () => {
    const { stdout } = await ask('status', '--output', 'json');
    const { healthy, tokens } = JSON.parse(stdout);
    expect(healthy).toBe(false);
    expect(tokens.map(({ name, healthy }: Record<string, unknown>) => [name, healthy])).toEqual([
      ['my_app', true],
      ['keys', true],
      ['late', false],
    ]);
    expect(tokens[0].expires_at).toMatch(/Z$/);
    expect(stdout).not.toMatch(/first-token|AKIA/);
  });

  it('refresh fetches a token at once and writes it', async () => {
    folder.issue('second-token');
    const { code, stdout, stderr } = await ask('refresh', 'my_app');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^my_app was fetched and written; it expires in 59m \d+s\n$/);
    expect(folder.written()).toContain('second-token');
    folder.issue('first-token');
    expect((await ask('refresh', 'my_app', '--output', 'json')).stdout).toContain('"name": "my_app"');
  });

  it('refresh exits with 3 if the source returns no token, and prints the reason', async () => {
    const { code, stderr } = await ask('refresh', 'late');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^tokenrelay: .*\/bin\/cat/);
  });

  it('wait exits at once if the token is there, and with 3 if it does not come in time', async () => {
    expect(await ask('wait', 'my_app')).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stderr } = await ask('wait', 'late', '--timeout', '0.3');
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('waited 0.3 s') });
  });

  it('wait exits when the token comes', async () => {
    const waiting = ask('wait', 'late', '--timeout', '20');
    writeFileSync(join(folder.path, 'late'), 'late-token');
    expect(await waiting).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await ask('get', 'late')).stdout).toBe('late-token\n');
  });

  it('print in one sentence how to start an agent if none is running', async () => {
    const { code, stdout, stderr } = await runTokenrelay(['status', '--socket', join(folder.path, 'none.sock')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^tokenrelay: no agent is listening on .*none\.sock; start one with systemctl start tokenrelay, .*\n$/,
    );
  });
});
