import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { referenceFiles } from './reference/files.ts';

/**
 * Writes the files in docs/reference/ from the schemas. With `--check` it writes nothing and exits with 1 if a file
 * does not match the schemas.
 */
const check = process.argv.includes('--check');
const root = join(import.meta.dirname, '..');
const stale: string[] = [];

for (const [name, content] of Object.entries(referenceFiles())) {
  const file = join(root, 'docs', 'reference', name);
  if (existsSync(file) && readFileSync(file, 'utf8') === content) continue;
  stale.push(`docs/reference/${name}`);
  if (check) continue;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

if (check && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Run \`npm run generate\` and commit the result.`);
  process.exitCode = 1;
} else {
  console.error(stale.length === 0 ? 'docs/reference is up to date.' : `Written: ${stale.join(', ')}`);
}
