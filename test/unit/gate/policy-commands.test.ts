import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runTvm } from '../clients/cli/run-tvm.ts';
import { pod } from './check.ts';

let directory = '';

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tvm-gate-'));
  for (const folder of ['k8s/node_modules', 'k8s/.git', 'warned', 'empty', 'linked', 'elsewhere', 'broken', 'cedar']) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  writeFileSync(join(directory, 'k8s/bad.yaml'), pod('hostPID: true,'));
  writeFileSync(join(directory, 'k8s/notes.md'), 'no manifest');
  writeFileSync(join(directory, 'k8s/node_modules/x.yaml'), 'broken: [');
  writeFileSync(join(directory, 'k8s/.git/x.yaml'), 'broken: [');
  writeFileSync(join(directory, 'warned/settings.json'), '{}');
  writeFileSync(join(directory, 'elsewhere/pod.yaml'), Buffer.from(`\ufeff${pod('hostIPC: true,')}`, 'utf16le'));
  writeFileSync(join(directory, 'pod'), pod('hostPID: true,'));
  symlinkSync('../pod', join(directory, 'linked/a.yaml'));
  symlinkSync('../elsewhere', join(directory, 'linked/b'));
  symlinkSync('../linked', join(directory, 'linked/c'));
  symlinkSync('nowhere', join(directory, 'linked/d'));
  symlinkSync('nowhere', join(directory, 'broken/a.yaml'));
  writeFileSync(join(directory, 'cedar/a.cedar'), '@id("a") permit (principal, action, resource);');
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('tvm policy check', { timeout: 20_000 }, () => {
  it('exits with 1 for errors, also in subdirectories', async () => {
    const { code, stdout, stderr } = await runTvm([
      'policy',
      'check',
      join(directory, 'k8s'),
      join(directory, 'warned'),
      '--output',
      'json',
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const { findings, unjudged, ...counts } = JSON.parse(stdout);
    // Files in a directory that are not manifests have no finding, but are counted: warned/settings.json.
    expect(counts).toEqual({ version: 1, errors: 1, warnings: 0, files: 2, judged: 1 });
    expect(findings[0].file).toBe(join(directory, 'k8s/bad.yaml'));
    expect(unjudged).toEqual([join(directory, 'warned/settings.json')]);
  });

  it('reads the files to which links lead, also in UTF-16', async () => {
    const { code, stdout } = await runTvm(['policy', 'check', join(directory, 'linked'), '--output', 'json']);
    expect(code).toBe(1);
    const { findings, files } = JSON.parse(stdout);
    expect(files).toBe(2);
    expect(findings.map(({ file }: { file: string }) => file)).toEqual(
      ['linked/a.yaml', 'linked/b/pod.yaml'].map((file) => join(directory, file)),
    );
  });

  it('refuses a link to nothing', async () => {
    const { code, stderr } = await runTvm(['policy', 'check', join(directory, 'broken')]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^tvm: cannot find .*does not exist/) });
  });

  it('reports policies without a schema', async () => {
    const { code, stdout } = await runTvm(['policy', 'check', join(directory, 'cedar')]);
    expect(code).toBe(1);
    expect(stdout).toContain('policy/schema');
  });

  it('reads the standard input', async () => {
    const stdin = `${pod()}\n---\n${pod('hostPID: true,')}\n`;
    const { code, stdout } = await runTvm(['policy', 'check', '-'], { stdin });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^stdin\n {2}3 {2}error .*kubernetes\/host-namespace.*1 of 1 file judged\n$/s);
    expect((await runTvm(['policy', 'check', '-'], { stdin: pod() })).code).toBe(0);
  });

  it('fails for what is not judged only on request', async () => {
    const args = ['policy', 'check', join(directory, 'warned')];
    expect(await runTvm(args)).toMatchObject({ code: 0, stdout: expect.stringMatching(/; 0 of 1 file judged\n$/) });
    expect((await runTvm([...args, '--fail-on', 'unjudged'])).code).toBe(1);
    expect((await runTvm(['policy', 'check', '-', '--fail-on', 'unjudged'], { stdin: pod() })).code).toBe(0);
  });

  it.each([
    [[], 0],
    [['--strict'], 1],
  ])('with only warnings and %j exits with %i', async (options, exitCode) => {
    const { code, stdout } = await runTvm(['policy', 'check', join(directory, 'warned/settings.json'), ...options]);
    expect(code).toBe(exitCode);
    expect(stdout).toMatch(/file\/unrecognized .*\n0 errors, 1 warning; 0 of 1 file judged\n$/s);
  });

  it.each([
    [['nowhere'], 'tvm: cannot find nowhere (it does not exist)\n'],
    [['gone/policies/'], /^tvm: cannot find gone\/policies\/? \(it does not exist\)/],
    [['k8s', '--allow-registry', '%'], /^tvm: .*It must be a registry such as ghcr\.io\/acme/],
    [['k8s', '--format', 'xml'], /^tvm: .*--format/],
  ])('with %j exits with 2', async (args, message) => {
    const { code, stdout, stderr } = await runTvm(['policy', 'check', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('without files to check exits with 2', async () => {
    const { code, stderr } = await runTvm(['policy', 'check', join(directory, 'empty')]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^tvm: there is no file to check in /) });
  });
});

describe('tvm policy export', { timeout: 20_000 }, () => {
  it('writes the requested format', async () => {
    const { code, stdout } = await runTvm(['policy', 'export', '--kyverno', '--allow-registry', 'ghcr.io/acme']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^# Generated by .*kind: ClusterPolicy.*name: tvm-image-outside-registries.*ghcr/s);
  });

  it.each([[[]], [['--kyverno', '--validating-admission-policy']]])('refuses %j', async (options) => {
    expect((await runTvm(['policy', 'export', ...options])).code).toBe(2);
  });
});
