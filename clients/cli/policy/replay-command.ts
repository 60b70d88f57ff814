import type { Command } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
RECORDS holds an audit event a line, as JSON: as EventBridge delivers it, or its detail alone.
What a policy asks that records do not say, what the workload did lately say, is taken for nothing, and
counted. A refusal that policy was not the reason for stands. An event that was delivered twice is judged once.

Exits with 0; with 2 when a line is no event, or nothing could be judged.

Examples:
  $ tvm policy replay events.jsonl
  $ tvm policy replay events.jsonl --policies ../new/policies --output json
`;

interface ReplayCommandOptions extends GlobalOptions {
  policies: string;
}

/** Adds `tvm policy replay`: recorded decisions, judged again. */
export function addPolicyReplayCommand(policy: Command): void {
  policy
    .command('replay')
    .summary('judge recorded decisions again')
    .description('Judge the decisions of exported audit events again, and list those that would be others.')
    .argument('<RECORDS>', 'a file of exported audit events')
    .option('--policies <dir>', 'the policies to judge by', 'policies')
    .addHelpText('after', EXAMPLES)
    .action(async (records: string, _options, command: Command) => {
      // Not before: Cedar would slow every other command down.
      const { replay } = await import('./replay.ts');
      const { output, policies } = command.optsWithGlobals<ReplayCommandOptions>();
      await replay(records, policies, output);
    });
}
