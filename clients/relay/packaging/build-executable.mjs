/**
 * `node packaging/build-executable.mjs [FILE]`: builds one executable file from the agent and the Node that runs this
 * script, for machines without Node. Default: dist/tokenrelay.
 *
 * @see https://nodejs.org/api/single-executable-applications.html
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'postject';

/** Marks the position in Node's binary. Defined by Node, and not a secret. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

if (process.platform !== 'linux') throw new Error('a single executable can be built only on Linux.');

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
      // Compiled code works only with the same Node binary, which is included here.
      useCodeCache: true,
      // The same options as in the bundle's first line: no inspector on a signal, and a small young generation.
      execArgv: ['--disable-sigusr1', '--max-semi-space-size=1'],
    }),
  );
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'inherit'] });
  copyFileSync(process.execPath, target);
  chmodSync(target, 0o755);
  // postject warns about section names that it cannot resolve, which is harmless.
  console.warn = () => {};
  await inject(target, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: FUSE });
} finally {
  rmSync(work, { recursive: true });
}
console.error(`Written: ${target}`);
