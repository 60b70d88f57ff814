import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
RECORDS holds an audit event a line, as JSON: as EventBridge delivers it, or its detail alone. Records
that do not reach back so far say less: how far they do is told.

Exits with 0, whatever is unused; with 2 when a line is no event, or no token was vended in them.

Examples:
  $ tvm policy unused --since 90d events.jsonl
`;

interface UnusedCommandOptions extends GlobalOptions {
  since: string;
  policies: string;
}

/** Adds `tvm policy unused`: what nobody used, as a proposal to take it away. */
export function addPolicyUnusedCommand(policy: Command): void {
  policy
    .command('unused')
    .summary('propose what to take away: grants that nobody used')
    .description('List the permits, and the grants of roles, by which no recorded token was vended of late.')
    .argument('<RECORDS>', 'a file of exported audit events')
    .requiredOption('--since <duration>', 'how long unused, such as 90d')
    .option('--policies <dir>', 'the policies', 'policies')
    .addHelpText('after', EXAMPLES)
    .action(async (records: string, _options, command: Command) => {
      // Not before: Cedar would slow every other command down.
      const { unused } = await import('./unused.ts');
      const { output, since, policies } = command.optsWithGlobals<UnusedCommandOptions>();
      await unused(records, since, policies, output);
    });
}
