import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseConfig } from '#lib/config/config.ts';
import { GlobalEventsStack } from '#lib/global-events-stack.ts';
import { templateScanners } from '#scripts/install/python-venv.mjs';
import { EVERYTHING, synthesize } from '../infra/synthesize.ts';
import { whyNotInstalled } from '../support/python-programs.ts';
import { READINGS, templateTexts } from '../support/yaml-corpus.ts';
import { readingsOf } from '../support/yaml-readings.ts';

const directory = mkdtempSync(join(tmpdir(), 'tvm-scanned-'));
let notInstalled: string | undefined;

/** The templates, by file name. */
const templates: Record<string, object> = {
  'local.json': synthesize(readFileSync('config/local.toml', 'utf8')).toJSON(),
  'production.json': synthesize(`
    trusted_organization = "o-a1b2c3d4e5"
    signing_keys = { first = "ECC_NIST_P256", second = "RSA_2048" }
    domain = { name = "tokens.example.com", certificate_arn = "arn:aws:acm:eu-west-1:111122223333:certificate/1" }
    alarm_email = "security@example.com"
    ${EVERYTHING}
  `).toJSON(),
  'global-events.json': Template.fromStack(
    new GlobalEventsStack(new App(), 'GlobalEvents', {
      revokeOn: parseConfig('revoke_on = { iam_role_deleted = true }', 'config/test.toml').revoke_on,
      serviceRegion: 'eu-west-1',
    }),
  ).toJSON(),
};
const files = Object.keys(templates).map((name) => join(directory, name));

beforeAll(async () => {
  for (const [name, template] of Object.entries(templates)) {
    writeFileSync(join(directory, name), JSON.stringify(template, null, 1));
  }
  notInstalled = await whyNotInstalled(templateScanners);
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true }));

/** Returns the JSON that a scanner prints. A scanner exits with a non-zero code if it finds something. */
async function scan(scanner: string, args: string[]): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const limits = { timeout: 150_000, maxBuffer: 64 * 1024 * 1024 };
  execFile(join(templateScanners.dir, 'bin', scanner), args, limits, (_, stdout, stderr) => resolve(stdout || stderr));
  return JSON.parse(await promise);
}

it('cfn-lint finds nothing in the templates without an explanation there', async () => {
  if (notInstalled !== undefined) return console.log(`not run: cfn-lint: ${notInstalled}`);
  expect(await scan('cfn-lint', ['--format', 'json', '--', ...files])).toEqual([]);
}, 180_000);

it('cfn-lint reads the corpus of YAML as recorded', async () => {
  if (notInstalled !== undefined) return console.log(`not run: cfn-lint: ${notInstalled}`);
  const python = join(templateScanners.dir, 'bin', 'python');
  const readings = await readingsOf(templateTexts, python, 'test/interop/template-scanners/read_templates.py');
  await expect(readings).toMatchFileSnapshot(join(process.cwd(), READINGS.cfnLint));
}, 180_000);

it('checkov finds exactly the explained exceptions in the templates', async () => {
  if (notInstalled !== undefined) return console.log(`not run: checkov: ${notInstalled}`);
  const args = ['--framework', 'cloudformation', '--skip-download', '--compact', '--output', 'json'];
  const { results } = (await scan('checkov', [...args, ...files.flatMap((file) => ['--file', file])])) as Scanned;
  expect(results.parsing_errors).toEqual([]);
  expect(results.passed_checks.length).toBeGreaterThan(100);
  expect(results.failed_checks.map(({ check_id, resource, check_name }) => [check_id, resource, check_name])).toEqual(
    [],
  );
  const skipped = results.skipped_checks.map(({ check_id }) => check_id);
  const broken = explained().filter(([rule]) => rule.startsWith('CKV_'));
  expect(new Set(skipped)).toEqual(new Set(broken.map(([rule]) => rule)));
}, 180_000);

it('each exception has a reason', () => {
  expect(explained().length).toBeGreaterThan(100);
  for (const [, reason] of explained()) expect(reason).toMatch(/^[A-Z][^\n]{20,}\.$/);
});

interface Check {
  check_id: string;
  check_name: string;
  resource: string;
}

interface Scanned {
  results: Record<'passed_checks' | 'failed_checks' | 'skipped_checks', Check[]> & { parsing_errors: string[] };
}

/** Returns the rules that the templates declare as exceptions, with their reasons. */
function explained(): [rule: string, reason: string][] {
  const all = Object.values(templates).flatMap((template) => Object.values((template as Explained).Resources));
  return all.flatMap(({ Metadata: { checkov, 'cfn-lint': lint } = {} }) => [
    ...(checkov?.skip ?? []).map(({ id, comment }): [string, string] => [id, comment]),
    ...(lint?.config.ignore_checks ?? []).map((id): [string, string] => [id, lint?.reasons[id] ?? '']),
  ]);
}

interface Explained {
  Resources: Record<string, { Metadata?: Partial<Metadata> }>;
}

interface Metadata {
  checkov: { skip: { id: string; comment: string }[] };
  'cfn-lint': { config: { ignore_checks: string[] }; reasons: Record<string, string> };
}
