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

/** What the tests know about the deployment that they run against. */
export interface Deployed {
  target: Target;
  outputs: StackOutputs;
  identities: Identities;
  /** The emulator that the tests run on, if it is a known one. */
  emulator?: EmulatorName;
  /** The emulator's own log, which contains the functions' output; absent if the tests did not start the emulator. */
  emulatorLog?: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    deployed: Deployed;
  }
}

/** Deploys TVM for the tests: into their own emulator, or to AWS_ENDPOINT_URL if it is set. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { shard } = project.vitest.config;
  const dir = join(import.meta.dirname, '..', '.local', shard === undefined ? 'test' : `test/shard-${shard.index}`);
  const given = givenTarget('');
  return given === undefined ? setUpOn(miniStack, project, dir) : setUp(project, dir, given);
}

/** Deploys TVM for the tests into their own emulator. @param dir the folder for all files that this writes */
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
