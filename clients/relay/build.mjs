/** `node build.mjs`: bundles the agent into one file that Node runs, dist/tokenrelay.cjs. */
import { chmodSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('.', import.meta.url));

/** @type {import('esbuild').BuildOptions} */
const options = {
  bundle: true,
  platform: 'node',
  target: 'node22',
  // A single executable needs CommonJS. Modules imported on demand also stay unevaluated until then.
  format: 'cjs',
  minify: true,
  keepNames: true,
  logLevel: 'warning',
};

/** Packages that only some configurations need. The code imports them on demand. */
const onDemand = [
  '@aws-sdk/credential-provider-ini',
  '@aws-sdk/credential-provider-node',
  '@smithy/core/config',
  '@smithy/signature-v4',
];

/**
 * Keeps these packages compressed until the first import; as text, they would use 7 MiB of every agent's memory. They
 * are compressed together, so that shared dependencies are included once.
 *
 * @type {import('esbuild').Plugin}
 */
const compressed = {
  name: 'compressed',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[@a-z]/ }, ({ kind, path }) =>
      kind === 'dynamic-import' && onDemand.includes(path) ? { path, namespace: 'on-demand' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'on-demand' }, ({ path }) => ({
      contents: `module.exports = require('all-on-demand')[${JSON.stringify(path)}]();`,
      resolveDir: folder,
    }));
    onResolve({ filter: /^all-on-demand$/ }, ({ path }) => ({ path, namespace: 'all-on-demand' }));
    onLoad({ filter: /.*/, namespace: 'all-on-demand' }, async () => ({
      contents: `
        const text = require('node:zlib').brotliDecompressSync(Buffer.from('${await piece()}', 'base64')).toString();
        new Function('module', 'exports', 'require', text)(module, exports, require);`,
      resolveDir: folder,
    }));
  },
};

/**
 * Leaves out Node's thread modules, which use 2 MiB. pino can write from a worker thread, but this agent does not.
 *
 * @type {import('esbuild').Plugin}
 */
const threadless = {
  name: 'threadless',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(worker_threads|thread-stream)$/ }, ({ path }) => ({ path, namespace: 'threadless' }));
    onLoad({ filter: /.*/, namespace: 'threadless' }, () => ({ contents: 'module.exports = { isMainThread: true };' }));
  },
};

/** Returns one CommonJS module with a function for each package, compressed and base64-encoded. */
async function piece() {
  const members = onDemand.map((name) => `${JSON.stringify(name)}: () => require(${JSON.stringify(name)})`);
  const contents = `module.exports = { ${members.join(', ')} };`;
  const { outputFiles } = await build({ ...options, stdin: { contents, resolveDir: folder }, write: false });
  return brotliCompressSync(outputFiles[0]?.contents ?? '').toString('base64');
}

const target = `${folder}dist/tokenrelay.cjs`;
// Replace the file atomically: another process may be starting it now.
const outfile = `${target}.${process.pid}`;
await build({ ...options, entryPoints: [`${folder}tokenrelay.ts`], outfile, plugins: [compressed, threadless] });
chmodSync(outfile, 0o755);
renameSync(outfile, target);
