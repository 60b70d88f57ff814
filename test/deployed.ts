import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { StackOutputs } from '#scripts/emulators/bridges.ts';
import { type EmulatorKind, startEmulator } from '#scripts/emulators/emulator.ts';
import { emulatorTarget, givenTarget, type Target } from '#scripts/emulators/target.ts';
import { deploy } from '#scripts/local/deploy.ts';
import { createIdentities, type Identities } from '#scripts/local/identities.ts';
import { miniStack } from '#scripts/local/ministack.ts';
import { emulatorAt } from '#scripts/local/which-emulator.ts';
import type { EmulatorName } from './emulators/not-applicable.ts';

/** What the tests know of the machine they run against. */
export interface Deployed {
  target: Target;
  outputs: StackOutputs;
  identities: Identities;
  /** The emulator they run on, where it is one that we know. */
  emulator?: EmulatorName;
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
  return given === undefined ? setUpOn(miniStack, project, dir) : setUp(project, dir, given);
}

/** Deploys the machine for the tests into an emulator of their own. @param dir where it writes */
export async function setUpOn(kind: EmulatorKind, project: TestProject, dir: string): Promise<() => Promise<void>> {
  const emulator = await startEmulator(kind, { port: 0, dir });
  try {
    await setUp(project, dir, emulatorTarget(emulator.endpoint), join(dir, 'logs', 'emulator.log'));
  } catch (error) {
    await emulator.stop();
    throw error;
  }
  return () => emulator.stop();
}

async function setUp(project: TestProject, dir: string, target: Target, emulatorLog?: string) {
  const outputs = await deploy(target, dir);
  const identities = await createIdentities(target, outputs);
  const emulator = (await emulatorAt(target.endpoint))?.name;
  project.provide('deployed', {
    target,
    outputs,
    identities,
    ...(emulator && { emulator }),
    ...(emulatorLog && { emulatorLog }),
  });
  return async () => {};
}
