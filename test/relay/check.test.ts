import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTokenrelay } from './support/run-tokenrelay.ts';

const SECRET = 'correct-horse-battery-staple';

describe('tokenrelay check', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'relay-check-'));
    writeFileSync(at('printed'), SECRET);
    configure('good.yaml', { tokens: [token('printed')] });
    configure('away.yaml', { tokens: [token('absent')] });
    configure('bad.yaml', { tokens: [token('printed')], log_levl: SECRET });
    // With this test's user, because the permissions of another user on this folder are not tested here.
    writeFileSync(at('t.service'), `[Service]\nUser=${process.getuid?.()}\nMemoryDenyWriteExecute=yes\n`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function configure(name: string, value: object): void {
    writeFileSync(at(name), JSON.stringify(value), { mode: 0o600 });
  }
  function token(name: string): object {
    const source = { command: ['/bin/cat', at(name)] };
    return { name: 'a', type: 'exec', source, output: { file_path: at('out'), format: 'raw' } };
  }
  const check = (name: string, ...more: string[]) => runTokenrelay(['check', '--config', at(name), ...more]);

  it('exits with 0 if nothing is wrong, and writes nothing', async () => {
    const { code, stdout, stderr } = await check('good.yaml', '--fetch');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^✓ configuration {2}\S+good\.yaml$/m);
    expect(stdout).toMatch(/^✓ a \(exec\): does not expire\n {2}\S+out\n {4}•••• \(28 characters\)$/m);
    expect(stdout).not.toContain(SECRET);
    expect(() => readFileSync(at('out'))).toThrow('ENOENT');
  });

  it('exits with 2 if there is an error, and names it without any value', async () => {
    const { code, stdout } = await check('bad.yaml', '--output', 'json', '--fetch');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      file: at('bad.yaml'),
      faults: [
        { area: 'configuration', sentence: expect.stringContaining('log_levl is not known; did you mean log_level?') },
      ],
      warnings: [],
    });
    expect(stdout).not.toContain(SECRET);
  });

  it('exits with 3 if the only failure is that of a source', async () => {
    const { code, stdout } = await check('away.yaml', '--fetch', '--output', 'json');
    expect(code).toBe(3);
    const tokens = [{ name: 'a', type: 'exec', ok: false, failure: expect.any(String), outputs: [] }];
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, faults: [], tokens });
    expect((await check('away.yaml')).code).toBe(0);
  });

  it('checks the given unit, and rejects one that does not exist', async () => {
    const { code, stdout } = await check('good.yaml', '--unit', at('t.service'));
    expect(code).toBe(2);
    expect(stdout).toMatch(/^✗ unit {11}\S+t\.service$/m);
    expect(stdout).toContain(
      '1 error\n  MemoryDenyWriteExecute= is on, which makes Node abort\n    → MemoryDenyWriteExecute=no',
    );
    const none = await check('good.yaml', '--unit', at('none.service'));
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('none.service does not exist')]);
  });
});

describe('tokenrelay init', () => {
  it('prints a configuration that check accepts, or writes it once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'relay-init-'));
    const file = join(folder, 'config.yaml');
    const [printed, written] = [
      await runTokenrelay(['init', '--file', '-']),
      await runTokenrelay(['init', '--file', file]),
    ];
    expect([printed.code, written.code]).toEqual([0, 0]);
    expect(readFileSync(file, 'utf8')).toBe(printed.stdout);
    expect(await runTokenrelay(['init', '--file', file])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('already exists; use --force to replace it'),
    });
    expect((await runTokenrelay(['init', '--file', file, '--force'])).code).toBe(0);
    rmSync(folder, { recursive: true });
  });
});
