import { expect } from 'vitest';
import { type FakeWorld, fakeWorld } from './fake-world.ts';

/** Worlds of one test file, looked at after each test for values of tokens in what was told. */
export function watchedWorlds() {
  let worlds: FakeWorld[] = [];
  return {
    world(...args: Parameters<typeof fakeWorld>): FakeWorld {
      const made = fakeWorld(...args);
      worlds.push(made);
      return made;
    },
    /** Nothing that was logged, shown or sent holds a value of a token, whatever went wrong. */
    expectNoValueTold(): void {
      const watched = worlds;
      worlds = [];
      for (const { logged, values, alerts, agent } of watched) {
        const told = JSON.stringify([logged, alerts, agent.statuses()]);
        for (const value of values) if (value !== '') expect(told).not.toContain(value);
      }
    },
  };
}

export const valueAt = ({ files }: FakeWorld, path: string): string | undefined => files.get(path)?.values.token;
