import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { firstEvents } from '#bench/first-events.ts';

it('the benchmark has a first event for every function', async () => {
  const folder = new URL('../../../lambdas/', import.meta.url);
  const useCases = readdirSync(folder).filter((name) => existsSync(new URL(`${name}/handler.ts`, folder)));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const aws = { privateKey, url: 'http://127.0.0.1:1' } as Parameters<typeof firstEvents>[1];
  const { events } = await firstEvents('https://tokens.example.com', aws);
  expect(Object.keys(events).sort()).toEqual(useCases.sort());
});
