/**
 * `node packaging/build-executable.mjs [FILE]`: makes one file of the agent and the Node that runs this script, for
 * machines without Node. Default: dist/tokenrelay.
 *
 * @see https://nodejs.org/api/single-executable-applications.html
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'postject';

/** Marks the place in Node's binary; of Node, not a secret. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

if (process.platform !== 'linux') throw new Error('a single executable is built on Linux, for Linux.');

const bundle = fileURLToPath(new URL('../dist/tokenrelay.cjs', import.meta.url));
const target = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist/tokenrelay', import.meta.url)));
const work = mkdtempSync(join(tmpdir(), 'tokenrelay-executable-'));
try {
  const config = join(work, 'sea.json');
  const blob = join(work, 'sea.blob');
  writeFileSync(
    config,
    JSON.stringify({
      main: bundle,
      output: blob,
      disableExperimentalSEAWarning: true,
      // Compiled code is tied to the very Node that it is packed with, as here.
      useCodeCache: true,
      // As the bundle's first line: no inspector on a signal, and little room for what is soon garbage.
      execArgv: ['--disable-sigusr1', '--max-semi-space-size=1'],
    }),
  );
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  copyFileSync(process.execPath, target);
  chmodSync(target, 0o755);
  // It warns of each section name that it cannot resolve: nothing anybody could mend, and nothing that matters.
  console.warn = () => {};
  await inject(target, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: FUSE });
} finally {
  rmSync(work, { recursive: true });
}
console.error(`Written: ${target}`);
