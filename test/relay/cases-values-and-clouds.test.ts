import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GivenCases, givenCases } from './support/given-cases.ts';
import { read, runTokenrelay, until } from './support/run-tokenrelay.ts';

/** The cases of `test/fixtures/relay` about values, names and clouds, by their number. */
let cases: GivenCases;
let at: GivenCases['at'];
beforeAll(async () => {
  cases = await givenCases();
  at = cases.at;
});
afterAll(() => cases.close());

const fetchOnce = (name: string) => runTokenrelay(['run', '--once', '--config', at(name)]);

describe('the given case', () => {
  it.each(['empty', 'nested'])('02: a value that no output needs does not matter: %s', async (kind) => {
    rmSync(at('out', 'db.env'), { force: true });
    expect(await fetchOnce(`02-kv-other-value-${kind}.yaml`)).toMatchObject({ code: 0 });
    expect(read(at('out', 'db.env'))).toBe('DB_USER=u\n');
  });

  it.each(['null', 'num', 'list', 'pem'])('02: nor does a value of another kind: %s', async (kind) => {
    const text = readFileSync(at('02-kv-other-value-empty.yaml'), 'utf8').replace('data/empty', `data/${kind}`);
    writeFileSync(at('02-other.yaml'), text, { mode: 0o600 });
    rmSync(at('out', 'db.env'), { force: true });
    expect(await fetchOnce('02-other.yaml')).toMatchObject({ code: 0 });
    expect(read(at('out', 'db.env'))).toBe('DB_USER=u\n');
  });

  it('02: an empty text, a large number and JSON are values of a mapping', async () => {
    for (const [kind, mapping, line] of [
      ['empty', 'V: pass', 'V=\n'],
      ['num', 'V: big', 'V=12345678901234567890\n'],
      ['list', 'V: hosts', 'V="[\\"a\\",\\"b\\"]"\n'],
    ] as const) {
      const text = readFileSync(at('02-kv-other-value-empty.yaml'), 'utf8');
      const changed = text.replace('data/empty', `data/${kind}`).replace('DB_USER: user', mapping);
      writeFileSync(at('02-other.yaml'), changed, { mode: 0o600 });
      expect(await fetchOnce('02-other.yaml')).toMatchObject({ code: 0 });
      expect(read(at('out', 'db.env'))).toBe(line);
    }
  });

  it.each(['', 'vault_role: r, '])('04: AppRole logs in with a role id alone (%j)', async (role) => {
    const text = readFileSync(at('04-approle-role-id-only.yaml'), 'utf8').replace('vault_role: r, ', role);
    writeFileSync(at('04-other.yaml'), text, { mode: 0o600 });
    expect((await runTokenrelay(['check', '--config', at('04-other.yaml')])).stdout).not.toMatch(
      /vault_role|secret_id/,
    );
    expect(await fetchOnce('04-other.yaml')).toMatchObject({ code: 0 });
    expect(read(at('out', 'db.env'))).toBe('DB_USER=u\n');
    const logins = readFileSync(at('server.log'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('approle/login'));
    expect(JSON.parse(JSON.parse(logins.at(-1) ?? '')[4])).toEqual({ role_id: 'role_id' });
  });

  it('05: the token type BearerToken is accepted, and JWT if the configuration says so', async () => {
    expect(await fetchOnce('05-token-type-BearerToken.yaml')).toMatchObject({ code: 0 });
    const jwt = readFileSync(at('05-token-type-BearerToken.yaml'), 'utf8').replace('/o/bearertoken', '/o/jwttype');
    writeFileSync(at('05-jwt.yaml'), jwt, { mode: 0o600 });
    expect((await fetchOnce('05-jwt.yaml')).stderr).toContain('list its token_type in the setting token_types');
    writeFileSync(at('05-jwt.yaml'), jwt.replace('client_id: c', 'client_id: c, token_types: [JWT]'), { mode: 0o600 });
    expect(await fetchOnce('05-jwt.yaml')).toMatchObject({ code: 0 });
  });

  it('06: a byte order mark before a JSON response is ignored', async () => {
    expect(await fetchOnce('06-bom.yaml')).toMatchObject({ code: 0 });
  });

  it('07: expired instance credentials are used with a warning, and requested again in 5 to 10 minutes', async () => {
    await fetch(`http://127.0.0.1:${cases.port}/set/imds/-600`);
    const agent = cases.start(['run', '--config', at('07-imds-expired.yaml')]);
    try {
      const used = await until('the credentials', () =>
        agent.logged().find(({ msg }) => msg === 'a token was renewed'),
      );
      await until('the file', () => read(at('out', 'aws')));
      expect(read(at('out', 'aws'))).toMatch(/^\[default\]\n# expires .*\naws_access_key_id = ASIA\d+\n/);
      expect(Date.parse(/# expires (.*)/.exec(read(at('out', 'aws')) ?? '')?.[1] ?? '')).toBeLessThan(Date.now());
      expect(used.next_fetch_in_seconds).toBeGreaterThanOrEqual(299);
      expect(used.next_fetch_in_seconds).toBeLessThanOrEqual(600);
      expect(agent.logged()).toContainEqual(
        expect.objectContaining({ level: 'warn', msg: expect.stringContaining('returned expired credentials') }),
      );
    } finally {
      agent.process.kill('SIGTERM');
      await agent.ended;
    }
  });

  it('08: values that bash, dash, systemd and docker read alike are bare', async () => {
    expect(await fetchOnce('08-env-bare.yaml')).toMatchObject({ code: 0 });
    const { values } = JSON.parse(readFileSync(at('08-env-bare.values.json'), 'utf8'));
    const lines = Object.entries(values).map(([name, value]) => `${name.toUpperCase()}=${value}\n`);
    expect(read(at('out', 'bare.env'))).toBe(lines.join(''));
  });

  it('09: a value of several lines is written, and read back by a shell', async () => {
    expect(await fetchOnce('09-env-pem.yaml')).toMatchObject({ code: 0 });
    const { values } = JSON.parse(readFileSync(at('09-env-pem.values.json'), 'utf8'));
    const script = '. "$1"; printf "%s|%s" "$USER_NAME" "$TLS_KEY"';
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', at('out', 'pem.env')], { encoding: 'utf8' });
    expect(stdout).toBe(`${values.USER_NAME}|${values.TLS_KEY}`);
  });

  it.each([
    '\0',
    '\x1b[2J',
    '\ud800',
    'a\nPATH=/tmp',
  ])('09: a value that cannot be a variable is named, and the others are written: %j', async (text) => {
    const file = at('09-env-pem.values.json');
    const given = readFileSync(file, 'utf8');
    writeFileSync(file, JSON.stringify({ values: { before: 'a', note: `hidden${text}`, after: 'b' } }));
    const { code, stdout, stderr } = await fetchOnce('09-env-pem.yaml');
    writeFileSync(file, given);
    expect(code).toBe(0);
    expect(read(at('out', 'pem.env'))).toBe('BEFORE=a\nAFTER=b\n');
    expect(stdout + stderr).toMatch(/"problem":"its value \\"note\\" cannot be the variable NOTE: /);
    expect(stdout + stderr).not.toContain('hidden');
  });

  it('13: a proxy’s password is a secret reference, and never part of its URL', async () => {
    const refused = await runTokenrelay(['check', '--config', at('13-proxy-password.yaml')]);
    expect(refused.code).toBe(2);
    expect(refused.stdout + refused.stderr).toContain('proxy_user and proxy_password_path');
    expect(refused.stdout + refused.stderr).not.toContain('user:pass');
    const text = readFileSync(at('13-proxy-password.yaml'), 'utf8');
    const given = text
      .replace('user:pass@', '')
      .replace('client_id: c', `client_id: c, proxy_user: user, proxy_password_path: ${at('secret')}`);
    writeFileSync(at('13-other.yaml'), given, { mode: 0o600 });
    const checked = await runTokenrelay(['check', '--config', at('13-other.yaml')]);
    expect(checked.stdout + checked.stderr).not.toContain('proxy');
  });
});
