import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Globals that CommonJS packages need inside an ES module bundle. */
const COMMONJS_GLOBALS =
  "import{createRequire as __createRequire}from'node:module';" +
  'const require=__createRequire(import.meta.url),__dirname=import.meta.dirname;';

/**
 * Bundles a use case's handler, with everything it imports, into its own folder.
 *
 * @param useCase the handler's folder under `lambdas/`
 * @param files files to add next to the code, by name
 * @returns a folder with `index.mjs` and the files, which is deleted when this process exits
 */
export function bundle(useCase: string, files: Record<string, string | Uint8Array>): string {
  const directory = join(workspace(), `${useCase}-${++bundles}`);
  mkdirSync(directory);
  const contents = { 'index.mjs': code(useCase), ...files };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content);
  return directory;
}

const codes = new Map<string, Uint8Array>();

/**
 * Returns the bundled code of a handler. It includes the AWS SDK, so that the tested version runs, and loads faster
 * than the runtime's.
 */
function code(useCase: string): Uint8Array {
  const cached = codes.get(useCase);
  if (cached !== undefined) return cached;
  const { outputFiles } = buildSync({
    entryPoints: [join(ROOT, 'lambdas', useCase, 'handler.ts')],
    absWorkingDir: ROOT,
    write: false,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: COMMONJS_GLOBALS },
    logLevel: 'error',
  });
  const [built] = outputFiles;
  if (built === undefined) throw new Error(`esbuild produced no output for ${useCase}`);
  codes.set(useCase, built.contents);
  return built.contents;
}

let bundles = 0;
let made: string | undefined;

/** Returns the folder for this process's bundles. */
function workspace(): string {
  if (made === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'tvm-bundles-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    made = directory;
  }
  return made;
}
