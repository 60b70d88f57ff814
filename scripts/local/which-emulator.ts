import type { EmulatorKind } from '../emulators/emulator.ts';
import { localStack } from '../localstack/localstack.ts';
import { miniStack } from './ministack.ts';

/** MiniStack responds at LocalStack's health path too, so MiniStack is tried first. */
const known = [miniStack, localStack];

/**
 * @returns the known emulator that responds at the endpoint, or undefined. It may have been started by another program.
 */
export async function emulatorAt(endpoint: string): Promise<EmulatorKind | undefined> {
  for (const kind of known) {
    const response = await fetch(endpoint + kind.health, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return kind;
  }
  return undefined;
}
