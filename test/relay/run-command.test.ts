import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailure, runCommand } from 'tokenrelay/process/run-command.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const SECRET = 's3cret-argument';
const limits = { timeout: 10_000, maxOutput: 4_096, env: { PATH: '/usr/bin:/bin' } };
const sh = (script: string, ...args: string[]) => ['/bin/sh', '-c', script, 'sh', ...args];
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'relay-command-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function failure(argv: string[], options: Parameters<typeof runCommand>[1]): Promise<string> {
  const error: unknown = await runCommand(argv, options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CommandFailure);
  expect(String(error)).not.toContain(SECRET);
  return (error as Error).message;
}

/**
 * Reports whether a process is running. A container without an init does not reap orphans, so an exited process may
 * keep its ID.
 */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).syscall !== 'kill' && process.platform !== 'linux';
  }
}

/** Returns the ID of the process that a command wrote to a file before it hung. */
async function startedBy(file: string): Promise<number> {
  return await vi.waitFor(async () => {
    const pid = Number((await readFile(file, 'utf8')).trim());
    expect(pid).toBeGreaterThan(1);
    return pid;
  });
}

describe('a command', () => {
  it('gets its arguments unchanged, because no shell is involved', async () => {
    const words = ['$HOME', '`id`', '; exit 3', 'a  b', '*'];
    const result = await runCommand(['/usr/bin/printf', '%s\\n', ...words], limits);
    expect(result).toEqual({ code: 0, signal: null, stdout: words.map((word) => `${word}\n`).join(''), stderr: '' });
  });

  it('has only the given environment, and starts in /', async () => {
    process.env.RELAY_TEST_SECRET = SECRET;
    try {
      const { stdout } = await runCommand(['/usr/bin/env'], { ...limits, env: { ONLY: 'this' } });
      expect(stdout).toBe('ONLY=this\n');
      expect((await runCommand(sh('pwd'), limits)).stdout).toBe('/\n');
    } finally {
      delete process.env.RELAY_TEST_SECRET;
    }
  });

  it('returns its exit code and its output', async () => {
    expect(await runCommand(sh('echo out; echo err >&2; exit 3'), limits)).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect(await runCommand(sh('kill -TERM $$'), limits)).toMatchObject({ code: null, signal: 'SIGTERM' });
  });

  it('reads its input, which may be empty or ignored', async () => {
    expect(await runCommand(['/bin/cat'], { ...limits, input: 'ü' })).toMatchObject({ stdout: 'ü' });
    expect(await runCommand(['/bin/cat'], limits)).toMatchObject({ code: 0, stdout: '' });
    const input = 'x'.repeat(1024 * 1024);
    expect(await runCommand(['/bin/true'], { ...limits, input })).toMatchObject({ code: 0 });
  });

  it('that does not exist, or may not be run, is an error', async () => {
    expect(await failure([join(folder, 'none'), SECRET], limits)).toBe(`${folder}/none could not be started (ENOENT)`);
    const plain = join(folder, 'plain');
    await writeFile(plain, '', { mode: 0o644 });
    expect(await failure([plain], limits)).toBe(`${plain} could not be started (EACCES)`);
  });
});

describe('a command at its limits', () => {
  it('that cannot be started because too many files are open is an error, and crashes nothing', async () => {
    const module = new URL('../../clients/relay/process/run-command.ts', import.meta.url).href;
    const script = `
      import { openSync } from 'node:fs';
      const { runCommand } = await import('${module}');
      try { for (;;) openSync('/dev/null'); } catch {}
      const failed = await runCommand(['/bin/true'], { timeout: 1_000, maxOutput: 1, env: {} }).catch(({ message }) => message);
      setImmediate(() => console.log(failed));
    `;
    const node = [process.execPath, '--no-warnings', '--input-type=module', '--eval', script];
    const { code, stdout, stderr } = await runCommand(sh('ulimit -n 64; exec "$@"', ...node), limits);
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '/bin/true could not be started (EMFILE)\n',
      stderr: '',
    });
  });

  it('with more arguments than the system accepts is an error without the arguments', async () => {
    expect(await failure(['/bin/true', SECRET.repeat(200_000)], limits)).toMatch(
      /^\/bin\/true could not be started \(E/,
    );
  });

  it('is killed with all its children after its timeout', async () => {
    const pidFile = join(folder, 'late');
    const script = sh('sleep 600 & echo $! > "$1"; trap "" TERM; wait', pidFile, SECRET);
    expect(await failure(script, { ...limits, timeout: 300 })).toBe(
      '/bin/sh was killed: it took longer than 0.3 seconds',
    );
    const child = await startedBy(pidFile);
    await vi.waitFor(() => expect(isRunning(child)).toBe(false));
  });

  it('is killed if it writes too much to either output', async () => {
    expect(await failure(['/bin/cat', '/dev/zero'], limits)).toBe('/bin/cat was killed: it wrote more than 4096 bytes');
    expect(await failure(sh('cat /dev/zero >&2'), limits)).toContain('more than 4096 bytes');
    expect((await runCommand(['/usr/bin/head', '-c', '4096', '/dev/zero'], limits)).stdout).toHaveLength(4_096);
  });

  it('is killed when it is cancelled, and not started if it was cancelled before', async () => {
    const pidFile = join(folder, 'given-up');
    const stop = new AbortController();
    const running = failure(sh('echo $$ > "$1"; exec sleep 600', pidFile), { ...limits, signal: stop.signal });
    const pid = await startedBy(pidFile);
    stop.abort();
    expect(await running).toBe('/bin/sh was aborted');
    await vi.waitFor(() => expect(isRunning(pid)).toBe(false));
    const marker = join(folder, 'marker');
    await failure(['/usr/bin/touch', marker], { ...limits, signal: stop.signal });
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  it('ends although a process that left its group keeps its output open', async () => {
    const pidFile = join(folder, 'outside');
    const script = sh('setsid sh -c \'echo $$ > "$1"; exec sleep 600\' sh "$1" & exec sleep 600', pidFile);
    const stop = new AbortController();
    const running = failure(script, { ...limits, signal: stop.signal });
    const outside = await startedBy(pidFile);
    try {
      stop.abort();
      expect(await running).toBe('/bin/sh was aborted');
      expect(isRunning(outside)).toBe(true);
    } finally {
      process.kill(outside, 'SIGKILL');
    }
  });
});
