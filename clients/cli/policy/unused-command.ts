import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
RECORDS has one audit event per line, as JSON: either the EventBridge event or
only its detail. If the records do not reach back to --since, the result may be
incomplete, and their earliest time is shown.

Exits with 0 even if grants are unused; with 2 if a line is not an event or the
records have no issued token.

Examples:
  $ tvm policy unused --since 90d events.jsonl
`;

interface UnusedCommandOptions extends GlobalOptions {
  since: string;
  policies: string;
}

/** Adds `tvm policy unused`, which lists grants that could be removed. */
export function addPolicyUnusedCommand(policy: Command): void {
  policy
    .command('unused')
    .summary('list grants that could be removed')
    .description('List the permit policies and role grants that no recently issued token has used.')
    .argument('<RECORDS>', 'file of exported audit events')
    .requiredOption('--since <duration>', 'time without use, such as 90d')
    .option('--policies <dir>', 'policy directory', 'policies')
    .addHelpText('after', EXAMPLES)
    .action(async (records: string, _options, command: Command) => {
      // Imported only here, because loading Cedar would slow down every other command.
      const { unused } = await import('./unused.ts');
      const { output, since, policies } = command.optsWithGlobals<UnusedCommandOptions>();
      await unused(records, since, policies, output);
    });
}
