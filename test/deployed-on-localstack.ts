import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { localStack } from '#scripts/localstack/localstack.ts';
import { setUpOn } from './deployed.ts';

/** Deploys TVM for the tests into their own LocalStack. */
export default function setup(project: TestProject): Promise<() => Promise<void>> {
  return setUpOn(localStack, project, join(import.meta.dirname, '..', '.local', 'test-localstack'));
}
