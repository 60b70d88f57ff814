import { expect, it } from 'vitest';
import { once } from '#lambdas/adapters/once.ts';

it('loads once, even for concurrent calls', async () => {
  let loads = 0;
  const load = once(async () => ++loads);
  expect(await Promise.all([load(), load()])).toEqual([1, 1]);
  expect(await load()).toBe(1);
});

it('tries again after a failure', async () => {
  let loads = 0;
  const load = once(async () => {
    if (++loads === 1) throw new Error('not yet');
    return loads;
  });
  await expect(load()).rejects.toThrow('not yet');
  expect(await load()).toBe(2);
});
