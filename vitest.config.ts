import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Runs files in the order of their names, in every shard: a file like `what-the-logs-say`, which checks a whole run,
 * must run after the others.
 */
class ByName extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => a.moduleId.localeCompare(b.moduleId));
  }

  override async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard ?? { index: 1, count: 1 };
    const sorted = await this.sort(files);
    const last = sorted.filter(({ moduleId }) => moduleId.includes('what-the-logs-say'));
    return [...sorted.filter((file) => !last.includes(file)).filter((_, at) => at % count === index - 1), ...last];
  }
}

/** The tests that run on an emulator of any kind. */
const onAnEmulator = ['test/ports/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/emulators/**/*.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    maxWorkers: '100%',
    coverage: {
      provider: 'v8',
      include: ['core/**/*.ts', 'clients/**/*.ts'],
      reporter: ['text-summary'],
      // Coverage of the code that unit tests run in process. TokenRelay's commands run as separate processes, which are
      // not counted.
      thresholds: { lines: 80, branches: 75 },
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Other parts run at the same time, so the duration of a test is not meaningful.
          testTimeout: 60_000,
          // Importing the same modules for each file took half of the time.
          isolate: false,
          // With DEV, logs and metrics go through the global console, where a test can see them.
          env: { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_NAMESPACE: 'Test', POWERTOOLS_SERVICE_NAME: 'test' },
        },
      },
      {
        test: {
          name: 'infra',
          include: ['test/infra/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // A worker's bundles and synthesized templates are reused by the next files.
          isolate: false,
        },
      },
      {
        test: {
          // The TokenRelay process: processes, files, servers on loopback.
          name: 'relay',
          include: ['test/relay/**/*.test.ts'],
          globalSetup: ['test/relay-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Clients, servers and tools in other languages. They are installed first, and some are slow.
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          globalSetup: ['test/relay-setup.ts', 'test/deployed.ts'],
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          // Adapters and the deployed service, on one emulator that is started once for both.
          name: 'deployed',
          include: [...onAnEmulator, 'test/scale/**/*.test.ts'],
          setupFiles: ['test/support/skip-not-applicable.ts'],
          globalSetup: ['test/deployed.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // All tests share one deployment and two processor cores.
          fileParallelism: false,
        },
      },
      {
        test: {
          // The deployed tests on LocalStack, without the ones that take too long there, plus tests of this project's
          // LocalStack plugin.
          name: 'localstack',
          include: [...onAnEmulator, 'test/localstack/**/*.test.ts'],
          setupFiles: ['test/support/skip-not-applicable.ts'],
          globalSetup: ['test/deployed-on-localstack.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
