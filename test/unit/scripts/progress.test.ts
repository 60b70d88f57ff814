import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { installing } from '#scripts/install/progress.mjs';
import { progress } from '#scripts/local/terminal.ts';

let written: string;
const { isTTY } = process.stdout;

beforeEach(() => {
  written = '';
  const keep = (text: unknown) => {
    written += stripVTControlCharacters(String(text));
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(console, 'error').mockImplementation((text) => void keep(`${text}\n`));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.stdout.isTTY = isTTY;
});

const lasting = (milliseconds: number) => () => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

describe('what takes a while says so again and again,', () => {
  it('line by line where there is no terminal', async () => {
    process.stdout.isTTY = false;
    const done = progress('Deploying the stack', lasting(25_000));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(written).toBe('Deploying the stack …\nDeploying the stack … 10 s so far\n');
    await vi.advanceTimersByTimeAsync(60_000);
    await done;
    expect(written.split('\n').slice(2)).toEqual([
      'Deploying the stack … 20 s so far',
      'Deploying the stack: 25.0 s',
      '',
    ]);
  });

  it('in one line on a terminal', async () => {
    process.stdout.isTTY = true;
    const done = progress('Deploying the stack', lasting(25_000));
    await vi.advanceTimersByTimeAsync(60_000);
    await done;
    expect(written).toBe('Deploying the stack … 10 s … 20 s … 25.0 s\n');
  });

  it('also an installation, whatever it is written to', async () => {
    const done = installing('npm dependencies', lasting(12_000));
    await vi.advanceTimersByTimeAsync(60_000);
    await done;
    expect(written.split('\n')).toEqual([
      'Installing npm dependencies …',
      'Installing npm dependencies … 10 s so far',
      'Installed npm dependencies in 12 s.',
      '',
    ]);
  });

  it('and no longer when it has failed', async () => {
    process.stdout.isTTY = false;
    const fail = async () => {
      await lasting(1_000)();
      throw new Error('no');
    };
    const done = expect(progress('Deploying the stack', fail)).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(60_000);
    await done;
    expect(written).toBe('Deploying the stack …\n');
  });
});

it('the first run says how long it takes before anything else', () => {
  const clone = mkdtempSync(path.join(tmpdir(), 'tvm-first-start-'));
  for (const name of ['scripts', 'package.json', 'package-lock.json']) {
    cpSync(name, path.join(clone, name), { recursive: true });
  }
  // Nothing on the PATH: it ends where it looks for Python.
  const args = ['scripts/run.mjs', 'scripts/local/start.ts'];
  const { stderr, status } = spawnSync(process.execPath, args, { cwd: clone, env: { PATH: '' }, encoding: 'utf8' });
  rmSync(clone, { recursive: true });
  expect({ first: stderr.split('\n')[0], status }).toEqual({
    first: 'The first run installs the dependencies, which takes about a minute. Later runs start at once.',
    status: 1,
  });
});
