import type { ReadSecret } from '../http/client.ts';
import type { Clock } from '../model/clock.ts';
import { connectTvm, type TvmClient, type TvmSettings } from './client.ts';

interface Held {
  client: TvmClient;
  holders: number;
}

/** The shared clients of each clock. Each agent has one clock, so tests with their own clock share nothing. */
const held = new WeakMap<Clock, Map<string, Held>>();

/**
 * Returns the client for these settings. Callers with equal settings share it, and with it connections, credentials and
 * status lists.
 *
 * @returns `release`, to be called once; the last release closes the client
 */
export function shareTvmClient(
  settings: TvmSettings,
  clock: Clock,
  secret?: ReadSecret,
): { client: TvmClient; release(): void } {
  const ofClock = held.get(clock) ?? new Map<string, Held>();
  held.set(clock, ofClock);
  const key = JSON.stringify(Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const mine = ofClock.get(key) ?? { client: connectTvm(settings, clock, process.env, secret), holders: 0 };
  ofClock.set(key, mine);
  mine.holders += 1;
  let released = false;
  return {
    client: mine.client,
    release() {
      if (released) return;
      released = true;
      mine.holders -= 1;
      if (mine.holders > 0) return;
      ofClock.delete(key);
      mine.client.close();
    },
  };
}
