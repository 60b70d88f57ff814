import { setImmediate } from 'node:timers/promises';
import { mapAtMost } from '@tvm/core/at-most.ts';
import { expect, it } from 'vitest';

it('maps items in order, with at most N calls in flight', async () => {
  let now = 0;
  let most = 0;
  const results = await mapAtMost(3, [5, 1, 4, 2, 3, 0], async (turns) => {
    most = Math.max(most, ++now);
    for (let turn = 0; turn < turns; turn++) await setImmediate();
    now -= 1;
    return turns * 2;
  });
  expect(results).toEqual([10, 2, 8, 4, 6, 0]);
  expect(most).toBe(3);
});

it('maps an empty list to an empty list, and rethrows an error of the callback', async () => {
  expect(await mapAtMost(3, [], async () => 1)).toEqual([]);
  await expect(mapAtMost(2, [1, 2, 3], () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
});
