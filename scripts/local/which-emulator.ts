import type { EmulatorKind } from '../emulators/emulator.ts';
import { localStack } from '../localstack/localstack.ts';
import { miniStack } from './ministack.ts';

/** MiniStack answers at LocalStack's path as well, so it is asked for first. */
const known = [miniStack, localStack];

/** @returns which of the emulators we know answers there, whoever started it; none, when it is another */
export async function emulatorAt(endpoint: string): Promise<EmulatorKind | undefined> {
  for (const kind of known) {
    const answer = await fetch(endpoint + kind.health, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return kind;
  }
  return undefined;
}
