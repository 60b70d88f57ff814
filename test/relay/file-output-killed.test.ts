import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { fileOutputOf } from 'tokenrelay/outputs/file-output.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { largeToken } from './support/large-token.ts';

const KILLS = 200;
/** The number of lanes. Each has a file and one process at a time that publishes to it. */
const LANES = 4;
const isRoot = process.getuid?.() === 0;
/** If this user may change a file's group: a group that new files do not have by default. */
const group = isRoot ? 65_534 : (process.getgid?.() ?? 0);

let folder: string;
let programs: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'relay-killed-'));
  programs = mkdtempSync(join(tmpdir(), 'relay-killers-'));
  // Bundled plain JavaScript starts in half the time.
  await build({
    entryPoints: ['publish-until-killed', 'read-until-stopped'].map((name) =>
      fileURLToPath(new URL(`support/${name}.ts`, import.meta.url)),
    ),
    outdir: programs,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(programs, { recursive: true });
});

const settings = (path: string) => ({ file_path: path, format: 'json', permissions: 0o640, group }) as const;

function start(program: string, ...args: string[]) {
  return spawn(process.execPath, [join(programs, `${program}.mjs`), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

/** Returns the next line that a process prints. */
async function line({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('its output is not captured');
  const lines = createInterface({ input: stdout });
  const [printed] = await once(lines, 'line');
  lines.close();
  return String(printed);
}

/** Runs processes that publish, and kills each at a random moment. @returns the files left next to the outputs */
async function hunt(how: 'relay' | 'in-place', paths: readonly string[], kills: number) {
  const leftOvers: { mode: number; gid: number; size: number }[] = [];
  const hunted = paths.map(async (path) => {
    for (let kill = 0; kill < kills / paths.length; kill += 1) {
      const publisher = start('publish-until-killed', path, String(group), how);
      await line(publisher);
      await wait(Math.random() * 5);
      publisher.kill('SIGKILL');
      await once(publisher, 'close');
      const own = `.${path.slice(folder.length + 1)}.`;
      for (const name of readdirSync(folder).filter((entry) => entry.startsWith(own))) {
        leftOvers.push(lstatSync(join(folder, name)));
      }
    }
  });
  await Promise.all(hunted);
  return leftOvers;
}

/** Returns the errors that a reader finds in a loop during the hunt. */
async function watch<T>(paths: readonly string[], during: () => Promise<T>) {
  for (const path of paths) await fileOutputOf(settings(path), 'killed').publish(largeToken('first'));
  const reader = start('read-until-stopped', String(group), ...paths);
  await line(reader);
  const result = await during();
  reader.stdin.end();
  const { reads, wrong } = JSON.parse(await line(reader)) as { reads: number; wrong: string[] };
  return { result, reads, wrong };
}

describe(`a process that publishes and is killed ${KILLS} times`, () => {
  const paths = Array.from({ length: LANES }, (_, lane) => `lane-${lane}`);

  it(
    'never leaves an incomplete, empty, missing or wrongly permitted file to a reader',
    { timeout: 90_000 },
    async () => {
      const files = paths.map((name) => join(folder, name));
      const { result: leftOvers, reads, wrong } = await watch(files, () => hunt('relay', files, KILLS));
      expect(wrong).toEqual([]);
      expect(reads).toBeGreaterThan(KILLS);
      // Some processes were killed between the creation of the new file and its renaming, which is the critical moment.
      expect(leftOvers.length).toBeGreaterThan(0);
      for (const { mode, gid, size } of leftOvers) {
        if (size > 0) expect([mode & 0o7777, gid]).toEqual([0o640, group]);
        else expect([0o600, 0o640]).toContain(mode & 0o7777);
      }
      for (const file of files) await fileOutputOf(settings(file), 'killed').publish(largeToken('last'));
      expect(readdirSync(folder).sort()).toEqual(paths);
    },
  );

  it('would be detected if it wrote in place', async () => {
    const file = join(folder, 'in-place');
    const { wrong } = await watch([file], () => hunt('in-place', [file], 5));
    expect(wrong.filter((fault) => fault === 'torn' || fault === 'empty')).not.toEqual([]);
  });
});
