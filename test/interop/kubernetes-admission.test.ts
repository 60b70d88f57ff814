import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { checkFiles } from '@tvm/gate/check-files.ts';
import { ADMITTED, type AdmissionRule, admissionRules } from '@tvm/gate/export/admission.ts';
import { kubernetesRules } from '@tvm/gate/kubernetes/rules.ts';
import { DAY_OF_EXAMPLES } from '@tvm/gate/suppression.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { admissionCases } from '../support/admission-cases.ts';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'tvm-admission-'));
const binary = join(directory, 'admission');

/** The fixtures of Pod Security, and the checksum of the module that has them. */
const POD_SECURITY = {
  module: 'k8s.io/pod-security-admission@v0.35.6',
  sum: 'h1:x82NAJf9wKL067wSAvM6tFk01aYetjJntbCz9NQGnG8=',
  newest: 'test/testdata/baseline/v1.35',
};

let notInstalled: string | undefined;
let podSecurity = '';

beforeAll(async () => {
  try {
    await run('go', ['build', '-o', binary, '.'], { cwd: join(import.meta.dirname, 'admission') });
    const { stdout } = await run('go', ['mod', 'download', '-json', POD_SECURITY.module], { cwd: directory });
    const { Dir, Sum } = JSON.parse(stdout) as { Dir: string; Sum: string };
    expect(Sum).toBe(POD_SECURITY.sum);
    podSecurity = join(Dir, POD_SECURITY.newest);
  } catch (error) {
    if (!(error instanceof Error) || !('cmd' in error || 'code' in error)) throw error;
    notInstalled = error.message.split('\n')[0];
  }
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true }));

interface Fixture {
  name: string;
  text: string;
}

function podSecurityFixtures(folder: 'fail' | 'pass'): Fixture[] {
  const files = readdirSync(join(podSecurity, folder));
  return files.map((name) => ({ name, text: readFileSync(join(podSecurity, folder, name), 'utf8') }));
}

const REGISTRIES = ['ghcr.io/acme', 'docker.io/library'];

/** Rules that go beyond Pod Security’s *baseline*. Every one of its fixtures breaks them. */
const BEYOND = ['kubernetes/automounted-token', 'kubernetes/image-without-digest'];

function rulesIn(file: Fixture, allowedRegistries?: string[]): Set<string> {
  return new Set(checkFiles([file], { today: DAY_OF_EXAMPLES, allowedRegistries }).map(({ rule }) => rule));
}

it('the check finds what Pod Security’s baseline refuses, and nothing in what it allows', () => {
  if (notInstalled !== undefined) return console.log(`not run: Pod Security’s fixtures: ${notInstalled}`);
  const beyond = (fixture: Fixture) => [...rulesIn(fixture)].filter((rule) => !BEYOND.includes(rule));
  const refused = podSecurityFixtures('fail');
  expect(refused.length).toBeGreaterThan(30);
  expect(refused.filter((fixture) => beyond(fixture).length === 0).map(({ name }) => name)).toEqual([]);
  const allowed = podSecurityFixtures('pass').map((fixture) => [fixture.name, beyond(fixture)]);
  expect(allowed.length).toBeGreaterThan(10);
  expect(allowed).toEqual(allowed.map(([name]) => [name, []]));
});

it('an exported policy refuses exactly the objects in which the check has a finding of its rule', async () => {
  if (notInstalled !== undefined) return console.log(`not run: admission policies: ${notInstalled}`);
  const files = [
    ...kubernetesRules.flatMap(({ failing, passing }) => [failing, passing]),
    ...admissionCases.map((text, index) => ({ name: `case ${index}`, text })),
    ...podSecurityFixtures('fail'),
    ...podSecurityFixtures('pass'),
  ];
  const objects = files.flatMap((file) =>
    parseAllDocuments(file.text, { merge: true }).map((document) => ({ file, object: document.toJS() })),
  );
  const rules = admissionRules(REGISTRIES);
  const tried = rules.map((rule) => ({
    rule,
    admitted: objects.filter(({ object }) => isAdmitted(rule, object.kind)),
  }));
  const decisions = await evaluate(
    tried.map(({ rule: { variables, cel }, admitted }) => ({
      variables,
      expression: cel,
      objects: admitted.map(({ object }) => object),
    })),
  );
  const found = new Map(files.map((file) => [file, rulesIn(file, REGISTRIES)]));
  const different = tried.flatMap(({ rule: { rule }, admitted }, index) =>
    admitted.flatMap(({ file }, at) => {
      const admits = decisions[index]?.[at];
      return admits === !found.get(file)?.has(rule.id) ? [] : [{ rule: rule.id, admits, text: file.text }];
    }),
  );
  expect(different).toEqual([]);
  // Each rule was tried with objects that it refuses and with objects that it admits.
  for (const [index, { rule }] of rules.entries()) {
    expect([rule.id, new Set(decisions[index])]).toEqual([rule.id, new Set([true, false])]);
  }
}, 300_000);

function isAdmitted({ of }: AdmissionRule, kind: string): boolean {
  return ADMITTED[of].some(({ kinds }) => kinds.includes(kind));
}

async function evaluate(policies: unknown[]): Promise<unknown[][]> {
  const child = spawn(binary, { stdio: ['pipe', 'pipe', 'inherit'], timeout: 240_000 });
  child.stdin.end(JSON.stringify(policies));
  return JSON.parse(await text(child.stdout));
}
