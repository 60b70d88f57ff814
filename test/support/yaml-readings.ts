import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { CorpusText, Reading } from './yaml-corpus.ts';

const run = promisify(execFile);

/** Has a program read each text from a file, and returns the readings as they are recorded. */
export async function readingsOf(texts: readonly CorpusText[], program: string, ...args: string[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'tvm-yaml-'));
  try {
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
  } finally {
    rmSync(directory, { recursive: true });
  }
}
