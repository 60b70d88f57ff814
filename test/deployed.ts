import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { deploy, type StackOutputs } from '../scripts/local/deploy.ts';
import { startEmulator } from '../scripts/local/emulator.ts';
import { createIdentities, type Identities } from '../scripts/local/identities.ts';
import { emulatorTarget, givenTarget, type Target } from '../scripts/local/target.ts';

/** What the tests know of the machine they run against. */
export interface Deployed {
  target: Target;
  outputs: StackOutputs;
  identities: Identities;
  /** The emulator's own log, which holds what the functions print; absent when the emulator is not ours. */
  emulatorLog?: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    deployed: Deployed;
  }
}

/** Deploys the machine for the tests: into an emulator of their own, or where AWS_ENDPOINT_URL says. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = join(import.meta.dirname, '..', '.local', 'test');
  const given = givenTarget('');
  const emulator = given === undefined ? await startEmulator({ port: 0, dir }) : undefined;
  try {
    const target = given ?? emulatorTarget(emulator?.endpoint ?? '');
    const outputs = await deploy(target, dir);
    const identities = await createIdentities(target, outputs);
    const emulatorLog = emulator && join(dir, 'logs', 'emulator.log');
    project.provide('deployed', { target, outputs, identities, ...(emulatorLog && { emulatorLog }) });
  } catch (error) {
    await emulator?.stop();
    throw error;
  }
  return async () => emulator?.stop();
}
