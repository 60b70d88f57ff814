import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files by name: what looks at a whole run, like `what-the-logs-say`, comes after what makes it, and in every shard. */
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

/** What runs on an emulator, whichever. */
const onAnEmulator = ['test/ports/**/*.test.ts', 'test/e2e/**/*.test.ts', 'test/emulators/**/*.test.ts'];

export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    maxWorkers: '100%',
    coverage: {
      provider: 'v8',
      include: ['core/**/*.ts', 'clients/**/*.ts'],
      reporter: ['text-summary'],
      // Of what unit tests run by themselves. TokenRelay's commands run as processes of their own, which are not counted.
      thresholds: { lines: 80, branches: 75 },
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // Other parts run meanwhile: how long a test takes says nothing.
          testTimeout: 60_000,
          // Half of the time was spent on importing the same for each file.
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
          // What a worker has bundled and synthesized for one file is there for the next.
          isolate: false,
        },
      },
      {
        test: {
          // TokenRelay as it runs: processes, files, servers on loopback.
          name: 'relay',
          include: ['test/relay/**/*.test.ts'],
          globalSetup: ['test/relay-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          // Clients, servers and tools in other languages: they are installed first, and some of them are slow.
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          globalSetup: ['test/relay-setup.ts', 'test/deployed.ts'],
          testTimeout: 120_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          // Adapters and the deployed machine, on one emulator that is started once for both.
          name: 'deployed',
          include: [...onAnEmulator, 'test/scale/**/*.test.ts'],
          setupFiles: ['test/support/skip-not-applicable.ts'],
          globalSetup: ['test/deployed.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // One machine is shared, and two cores.
          fileParallelism: false,
        },
      },
      {
        test: {
          // The same on LocalStack, less what takes it too long, and with what is ours of it.
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
