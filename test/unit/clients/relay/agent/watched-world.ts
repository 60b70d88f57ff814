import { expect } from 'vitest';
import { type FakeWorld, fakeWorld } from './fake-world.ts';

/** The worlds of one test file. After each test, checks that no log, status or message contains a token value. */
export function watchedWorlds() {
  let worlds: FakeWorld[] = [];
  return {
    world(...args: Parameters<typeof fakeWorld>): FakeWorld {
      const made = fakeWorld(...args);
      worlds.push(made);
      return made;
    },
    /** Checks that nothing logged, shown or sent contains a token value, even after errors. */
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
