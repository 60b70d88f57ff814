import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { templateScanners } from '#scripts/install/python-venv.mjs';
import { whyNotInstalled } from '../support/python-programs.ts';
import { type CorpusText, manifestTexts, READINGS, type Reading, templateTexts } from '../support/yaml-corpus.ts';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'tvm-yaml-'));

afterAll(() => rmSync(directory, { recursive: true }));

/** Has a program read each text from a file, and returns the readings as they are recorded. */
async function readingsOf(texts: readonly CorpusText[], program: string, ...args: string[]): Promise<string> {
  const files = texts.map(({ text }, index) => {
    const file = join(directory, `${index}.yaml`);
    writeFileSync(file, text);
    return file;
  });
  const { stdout } = await run(program, [...args, ...files], { maxBuffer: 64 * 1024 * 1024 });
  const readings = stdout.trim().split('\n');
  expect(readings).toHaveLength(texts.length);
  return texts
    .map(({ title }, index) => `${JSON.stringify({ title, ...(JSON.parse(readings[index] ?? '') as Reading) })}\n`)
    .join('');
}

it('kubectl reads the corpus as recorded', async () => {
  const reader = join(directory, 'kubectl-reader');
  try {
    await run('go', ['build', '-o', reader, '.'], { cwd: 'test/interop/kubectl-reader', timeout: 600_000 });
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    return console.log(`not run: kubectl’s reader: ${stderr?.trim().split('\n').at(-1) || message}`);
  }
  await expect(await readingsOf(manifestTexts, reader)).toMatchFileSnapshot(join(process.cwd(), READINGS.kubectl));
}, 700_000);

it('cfn-lint reads the corpus as recorded', async () => {
  const notInstalled = await whyNotInstalled(templateScanners);
  if (notInstalled !== undefined) return console.log(`not run: cfn-lint: ${notInstalled}`);
  const python = join(templateScanners.dir, 'bin', 'python');
  const readings = await readingsOf(templateTexts, python, 'test/interop/template-scanners/read_templates.py');
  await expect(readings).toMatchFileSnapshot(join(process.cwd(), READINGS.cfnLint));
}, 700_000);
