import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTvm } from '../clients/cli/run-tvm.ts';
import { pod } from './check.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tvm-gate-'));
  for (const folder of ['k8s/node_modules', 'k8s/.git', 'warned', 'empty']) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  writeFileSync(join(directory, 'k8s/bad.yaml'), pod('hostPID: true,'));
  writeFileSync(join(directory, 'k8s/notes.md'), 'no manifest');
  writeFileSync(join(directory, 'k8s/node_modules/x.yaml'), 'broken: [');
  writeFileSync(join(directory, 'k8s/.git/x.yaml'), 'broken: [');
  writeFileSync(join(directory, 'warned/settings.json'), '{}');
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('tvm policy check', { timeout: 20_000 }, () => {
  it('exits with 1 when there are errors, in directories below too', async () => {
    const { code, stdout, stderr } = await runTvm(['policy', 'check', directory, '--output', 'json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const { errors, warnings, findings } = JSON.parse(stdout);
    // What is found in a directory and is something else is nobody’s business: warned/settings.json.
    expect({ errors, warnings }).toEqual({ errors: 1, warnings: 0 });
    expect(findings[0].file).toBe(join(directory, 'k8s/bad.yaml'));
  });

  it.each([
    [[], 0],
    [['--strict'], 1],
  ])('with warnings alone and %j exits with %i', async (options, exitCode) => {
    const { code, stdout } = await runTvm(['policy', 'check', join(directory, 'warned/settings.json'), ...options]);
    expect(code).toBe(exitCode);
    expect(stdout).toMatch(/file\/unrecognized .*\n0 errors, 1 warning in 1 file\n$/s);
  });

  it.each([
    [['nowhere'], 'tvm: cannot find nowhere (it does not exist)\n'],
    [['k8s', '--allow-registry', '%'], /^tvm: .*It must be a registry such as ghcr\.io\/acme/],
    [['k8s', '--format', 'xml'], /^tvm: .*--format/],
  ])('with %j exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await runTvm(['policy', 'check', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('with nothing to judge exits with 2', async () => {
    const { code, stderr } = await runTvm(['policy', 'check', join(directory, 'empty')]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^tvm: there is no file to check in /) });
  });
});

describe('tvm policy export', { timeout: 20_000 }, () => {
  it('writes what it is asked for', async () => {
    const { code, stdout } = await runTvm(['policy', 'export', '--kyverno', '--allow-registry', 'ghcr.io/acme']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Made by .*kind: ClusterPolicy.*c\.image\.startsWith\('ghcr\.io\/acme\/'\)/s);
  });

  it.each([[[]], [['--kyverno', '--validating-admission-policy']]])('faults %j', async (options) => {
    expect((await runTvm(['policy', 'export', ...options])).code).toBe(2);
  });
});
