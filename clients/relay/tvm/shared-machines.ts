import type { ReadSecret } from '../http/client.ts';
import type { Clock } from '../model/clock.ts';
import { connectMachine, type Machine, type MachineSettings } from './machine.ts';

interface Held {
  machine: Machine;
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
export function shareMachine(
  settings: MachineSettings,
  clock: Clock,
  secret?: ReadSecret,
): { machine: Machine; release(): void } {
  const ofClock = held.get(clock) ?? new Map<string, Held>();
  held.set(clock, ofClock);
  const key = JSON.stringify(Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const mine = ofClock.get(key) ?? { machine: connectMachine(settings, clock, process.env, secret), holders: 0 };
  ofClock.set(key, mine);
  mine.holders += 1;
  let released = false;
  return {
    machine: mine.machine,
    release() {
      if (released) return;
      released = true;
      mine.holders -= 1;
      if (mine.holders > 0) return;
      ofClock.delete(key);
      mine.machine.close();
    },
  };
}
