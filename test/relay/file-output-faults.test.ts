import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNoMount } from './support/mounts.ts';

const run = promisify(execFile);
const script = (name: string) => fileURLToPath(new URL(`support/${name}.ts`, import.meta.url));
const node = [process.execPath, '--experimental-strip-types', '--disable-warning=ExperimentalWarning'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'relay-faults-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file output whose disk fails', () => {
  it('keeps the last complete token if the disk is full or read-only, and continues once there is space', async () => {
    const reason = whyNoMount();
    if (reason !== undefined) return console.log(`not run: ${reason}`);
    const { stdout } = await run('unshare', ['--mount', ...node, script('publish-on-a-bad-disk'), folder]);
    expect(stdout).not.toContain('hidden');
    const path = join(folder, 'out');
    expect(JSON.parse(stdout)).toEqual({
      full: { failure: `OutputFailure: file ${path}: the disk is full`, found: '1', names: ['filler', 'out'] },
      freed: { failure: 'none', found: '3', names: ['out'] },
      readOnly: {
        failure: expect.stringContaining(`OutputFailure: file ${path}: it is on a read-only file system`),
        withdrawn: expect.stringContaining('read-only file system'),
        found: '3',
        names: ['out'],
      },
    });
  });

  it('keeps the last token if the next can be written only partially', async () => {
    const path = join(folder, 'out');
    // In blocks of 512 bytes: the limit is in the middle of the token.
    const limited = ['-c', 'ulimit -f 4 && exec "$@"', 'sh', ...node, script('publish-over-a-limit'), path];
    const { stdout } = await run('sh', limited);
    expect(JSON.parse(stdout)).toEqual({
      failure: `OutputFailure: file ${path}: it would be larger than this process may write (LimitFSIZE=)`,
    });
    expect(readFileSync(path, 'utf8')).toBe('first');
    expect(readdirSync(folder)).toEqual(['out']);
  });
});
