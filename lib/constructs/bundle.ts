import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** CommonJS packages inside an ES module bundle look for these. */
const COMMONJS_GLOBALS =
  "import{createRequire as __createRequire}from'node:module';" +
  'const require=__createRequire(import.meta.url),__dirname=import.meta.dirname;';

/**
 * Bundles a use case's handler, with everything it imports, into a folder of its own.
 *
 * @param useCase the handler's folder under `lambdas/`
 * @param files put beside the code, by name
 * @returns the folder: `index.mjs` and the files. It lasts as long as this process
 */
export function bundle(useCase: string, files: Record<string, string | Uint8Array>): string {
  const directory = join(workspace(), `${useCase}-${++bundles}`);
  mkdirSync(directory);
  const contents = { 'index.mjs': code(useCase), ...files };
  for (const [name, content] of Object.entries(contents)) writeFileSync(join(directory, name), content);
  return directory;
}

const codes = new Map<string, Uint8Array>();

/** A handler with everything it imports, the AWS SDK too: what was tested is what runs, and it loads faster. */
function code(useCase: string): Uint8Array {
  const known = codes.get(useCase);
  if (known !== undefined) return known;
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
  if (built === undefined) throw new Error(`esbuild made nothing of ${useCase}`);
  codes.set(useCase, built.contents);
  return built.contents;
}

let bundles = 0;
let made: string | undefined;

/** Where this process bundles. */
function workspace(): string {
  if (made === undefined) {
    const directory = mkdtempSync(join(tmpdir(), 'tvm-bundles-'));
    process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
    made = directory;
  }
  return made;
}
