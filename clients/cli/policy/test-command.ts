import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
The cases are in *.test.yaml beside the policies:

  - name: orders-service reads orders
    who: arn:aws:iam::111122223333:role/orders-service
    asks: { read: [orders-db/orders], audience: orders-db, lifetime: 5m }
    expect: allowed
    by: [orders-service-reads-orders]

Exits with 0 when every case passes, with 1 when one does not, with 2 when they could not be judged.

Examples:
  $ tvm policy test
  $ tvm policy test policies/ --require-coverage
`;

interface TestCommandOptions extends GlobalOptions {
  requireCoverage?: boolean;
}

/** Adds `tvm policy test`: decides the cases that are written beside policies. */
export function addPolicyTestCommand(policy: Command): void {
  policy
    .command('test')
    .summary('decide the cases beside the policies')
    .description('Decide the cases in *.test.yaml as the machine would, and name the policies that no case reaches.')
    .argument('[DIR]', 'the directory of the policies', 'policies')
    .option('--require-coverage', 'exit with 1 when no case reaches a policy')
    .addHelpText('after', EXAMPLES)
    .action(async (directory: string, _options, command: Command) => {
      // Not before: Cedar would slow every other command down.
      const { test } = await import('./test.ts');
      const { output, requireCoverage } = command.optsWithGlobals<TestCommandOptions>();
      await test(directory, output, requireCoverage === true);
    });
}
