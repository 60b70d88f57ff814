import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The unit tests of the core, which kill its mutants. */
export default defineConfig({
  root,
  resolve: {
    // Stryker works on a copy of the project, but its node_modules is a link: workspaces would be those of the original.
    alias: ['contract', 'core', 'gate'].map((name) => ({
      find: new RegExp(`^@tvm/${name}/`),
      replacement: `${root}${name}/`,
    })),
  },
  test: {
    include: ['test/unit/core/**/*.test.ts'],
    // These property tests take seconds per mutant. The other tests of the same code are example-based and fast.
    exclude: ['**/policy/told-everything.test.ts', '**/policy/conjuncts.test.ts', '**/orders/lawful-states.test.ts'],
    testTimeout: 60_000,
    env: { POWERTOOLS_DEV: 'true', POWERTOOLS_METRICS_NAMESPACE: 'Test', POWERTOOLS_SERVICE_NAME: 'test' },
  },
});
