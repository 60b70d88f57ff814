import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
RECORDS has one audit event per line, as JSON: either the EventBridge event or
only its detail.

Some policies read facts that records do not contain, such as the recent
behaviour of a workload. Such a fact is evaluated as absent, and the number of
affected decisions is shown. Denials with another reason than policy stay
denied. An event that was delivered twice is evaluated once.

Exits with 0; with 2 if a line is not an event or nothing could be evaluated.

Examples:
  $ tvm policy replay events.jsonl
  $ tvm policy replay events.jsonl --policies ../new/policies --output json
`;

interface ReplayCommandOptions extends GlobalOptions {
  policies: string;
}

/** Adds `tvm policy replay`, which evaluates recorded decisions again. */
export function addPolicyReplayCommand(policy: Command): void {
  policy
    .command('replay')
    .summary('evaluate recorded decisions again')
    .description('Evaluate the requests in exported audit events again, and list the decisions that would change.')
    .argument('<RECORDS>', 'file of exported audit events')
    .option('--policies <dir>', 'policy directory', 'policies')
    .addHelpText('after', EXAMPLES)
    .action(async (records: string, _options, command: Command) => {
      // Imported only here, because loading Cedar would slow down every other command.
      const { replay } = await import('./replay.ts');
      const { output, policies } = command.optsWithGlobals<ReplayCommandOptions>();
      await replay(records, policies, output);
    });
}
