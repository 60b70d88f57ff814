import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, expect, it } from 'vitest';

// Flowcharts are left out: Mermaid parses them only in a browser.

const diagrams = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...readFileSync(`docs/${name}`, 'utf8').matchAll(/^```mermaid\n(sequenceDiagram.*?)^```$/gms)].map(
      ([, code = '']) => ({ name, code }),
    ),
  );

// The documentation site has its own dependencies, which only `npm run docs` and this test need.
const SITE = 'docs/.vitepress';
let parse: (code: string) => Promise<unknown>;

beforeAll(async () => {
  execFileSync('npm', ['install', '--prefix', SITE, '--no-audit', '--no-fund'], { stdio: 'ignore' });
  const { default: mermaid } = await import(resolve(SITE, 'node_modules/mermaid/dist/mermaid.core.mjs'));
  parse = mermaid.parse;
});

it('there are sequence diagrams', () => {
  expect(diagrams).not.toEqual([]);
});

it.each(diagrams)('the sequence diagram in $name is valid', async ({ code }) => {
  expect(await parse(code)).toBeTruthy();
});
