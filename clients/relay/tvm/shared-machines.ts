import type { Clock } from '../model/clock.ts';
import { connectMachine, type Machine, type MachineSettings } from './machine.ts';

interface Held {
  machine: Machine;
  holders: number;
}

/** Of each clock, which is one agent's: a test with a clock of its own has machines of its own. */
const held = new WeakMap<Clock, Map<string, Held>>();

/**
 * Gives the machine of these settings: the same to all who give the same, so that connections, credentials and status
 * lists are one, however many tokens come from it.
 *
 * @returns `release` gives it back, once; with the last the machine is closed
 */
export function shareMachine(settings: MachineSettings, clock: Clock): { machine: Machine; release(): void } {
  const ofClock = held.get(clock) ?? new Map<string, Held>();
  held.set(clock, ofClock);
  const key = JSON.stringify(Object.entries(settings).toSorted(([one], [other]) => (one < other ? -1 : 1)));
  const mine = ofClock.get(key) ?? { machine: connectMachine(settings, clock), holders: 0 };
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
