import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
The test cases are in *.test.yaml files next to the policies:

  - name: orders-service reads orders
    who: arn:aws:iam::111122223333:role/orders-service
    asks: { read: [orders-db/orders], audience: orders-db, lifetime: 5m }
    expect: allowed
    by: [orders-service-reads-orders]

Exits with 0 if every case passes, with 1 if a case fails, with 2 if the cases
could not be evaluated.

Examples:
  $ tvm policy test
  $ tvm policy test policies/ --require-coverage
`;

interface TestCommandOptions extends GlobalOptions {
  requireCoverage?: boolean;
}

/** Adds `tvm policy test`, which runs the test cases of a policy directory. */
export function addPolicyTestCommand(policy: Command): void {
  policy
    .command('test')
    .summary('run the test cases of the policies')
    .description('Evaluate the cases in *.test.yaml as the service would, and list the policies that no case reaches.')
    .argument('[DIR]', 'policy directory', 'policies')
    .option('--require-coverage', 'exit with 1 if any policy is not reached by a case')
    .addHelpText('after', EXAMPLES)
    .action(async (directory: string, _options, command: Command) => {
      // Imported only here, because loading Cedar would slow down every other command.
      const { test } = await import('./test.ts');
      const { output, requireCoverage } = command.optsWithGlobals<TestCommandOptions>();
      await test(directory, output, requireCoverage === true);
    });
}
