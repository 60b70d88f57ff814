import { readdirSync, readFileSync } from 'node:fs';
import mermaid from 'mermaid';
import { expect, it } from 'vitest';

const diagrams = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...readFileSync(`docs/${name}`, 'utf8').matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, code = '']) => ({
      name,
      code,
    })),
  );

it('there are diagrams', () => {
  expect(diagrams.length).toBeGreaterThan(2);
});

it.each(diagrams)('the diagram in $name is valid', async ({ code }) => {
  expect(await mermaid.parse(code)).toBeTruthy();
});
