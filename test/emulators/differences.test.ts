import { describe, expect, inject, it } from 'vitest';
import { type DifferenceName, differences } from './differences.ts';
import { callers } from './probes/callers.ts';
import { dynamodb } from './probes/dynamodb.ts';
import { services } from './probes/services.ts';
import type { Probe } from './probes/tools.ts';

const deployed = inject('deployed');
const probes: Record<DifferenceName, Probe> = { ...callers, ...services, ...dynamodb };

describe.each(Object.entries(differences))('the emulator behaves as docs/reference/emulators.md says. %s', (_, of) => {
  it.each(Object.entries(of))('%s', async (name, { does }) => {
    const word = await probes[name as DifferenceName](deployed);
    expect(word).not.toBe('');
    // Nothing is documented about other emulators.
    if (deployed.emulator !== undefined) expect(word).toBe(does[deployed.emulator]);
  });
});
