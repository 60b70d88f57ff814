import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runTvm } from '../clients/cli/run-tvm.ts';

// Follows docs/tutorials/first-policy.md in a copy of the policies, and compares the output with the quoted output.

const PAGE = readFileSync('docs/tutorials/first-policy.md', 'utf8');

/** The code blocks of a language, in order. */
const blocks = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);

const [role = '', narrowLocations = '', cases = ''] = blocks('yaml');
const [broadPolicies = '', narrowPolicy = ''] = blocks('cedar');
const quoted = blocks('text');

let folder: string;
const policies = (name: string) => join(folder, 'policies', name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tvm-'));
  cpSync('policies', join(folder, 'policies'), { recursive: true });
  writeFileSync(policies('roles.yaml'), `${readFileSync('policies/roles.yaml', 'utf8')}${role}`);
  writeFileSync(policies('deployer.cedar'), broadPolicies);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The lines of quoted output, without the commands, empty lines and omissions. */
const linesOf = (output = '') => output.split('\n').filter((line) => line !== '' && !/^\$ |^…$/.test(line));

/** Runs `tvm` and expects its output to contain each quoted line. */
async function expectOutput(args: string[], code: number, output: string | undefined) {
  const run = await runTvm(args, { cwd: folder });
  expect(run.stdout.split('\n')).toEqual(expect.arrayContaining(linesOf(output)));
  expect(run.code).toBe(code);
}

it('quotes what the check prints about the broad policies', async () => {
  expect(linesOf(quoted[0]).length).toBeGreaterThan(5);
  await expectOutput(['policy', 'check'], 1, quoted[0]);
});

it('quotes what the check and the test cases print about the narrow policies', async () => {
  const broadLocations = role.split('\n').find((line) => line.includes('locations')) ?? '';
  const roles = readFileSync(policies('roles.yaml'), 'utf8');
  writeFileSync(policies('roles.yaml'), roles.replace(broadLocations, narrowLocations.trimEnd()));
  const [assume = ''] = broadPolicies.split('\n\n');
  writeFileSync(policies('deployer.cedar'), `${assume}\n\n${narrowPolicy}`);
  await expectOutput(['policy', 'check'], 0, quoted[1]);
  writeFileSync(policies('deployer.test.yaml'), cases);
  await expectOutput(['policy', 'test'], 0, quoted.at(-1));
});
