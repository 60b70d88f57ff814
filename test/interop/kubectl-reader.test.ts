import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { manifestTexts, READINGS } from '../support/yaml-corpus.ts';
import { readingsOf } from '../support/yaml-readings.ts';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'tvm-kubectl-'));

afterAll(() => rmSync(directory, { recursive: true }));

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
