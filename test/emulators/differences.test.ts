import { describe, expect, inject, it } from 'vitest';
import { type DifferenceName, differences } from './differences.ts';
import { callers } from './probes/callers.ts';
import { dynamodb } from './probes/dynamodb.ts';
import { services } from './probes/services.ts';
import type { Probe } from './probes/tools.ts';

const deployed = inject('deployed');
const probes: Record<DifferenceName, Probe> = { ...callers, ...services, ...dynamodb };

describe.each(
  Object.entries(differences),
)('the emulator does what docs/reference/emulators.md says of it. %s', (_, of) => {
  it.each(Object.entries(of))('%s', async (name, { does }) => {
    const word = await probes[name as DifferenceName](deployed);
    expect(word).not.toBe('');
    // Of an emulator that the project does not know, nothing is said.
    if (deployed.emulator !== undefined) expect(word).toBe(does[deployed.emulator]);
  });
});
