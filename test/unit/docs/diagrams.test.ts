import { readdirSync, readFileSync } from 'node:fs';
import mermaid from 'mermaid';
import { expect, it } from 'vitest';

// Flowcharts are left out: Mermaid parses them only in a browser.

const diagrams = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .flatMap((name) =>
    [...readFileSync(`docs/${name}`, 'utf8').matchAll(/^```mermaid\n(sequenceDiagram.*?)^```$/gms)].map(
      ([, code = '']) => ({ name, code }),
    ),
  );

it('there are sequence diagrams', () => {
  expect(diagrams).not.toEqual([]);
});

it.each(diagrams)('the sequence diagram in $name is valid', async ({ code }) => {
  expect(await mermaid.parse(code)).toBeTruthy();
});
