import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
BASE and HEAD are directories, or git revisions: main (of policies/ there), HEAD~1, main:some/directory.
Compared is every workload, action and place that either names, in circumstances made of what conditions
name. What is listed is so; what is not listed need not be absent.

Exits with 0, with 1 when --fail-on found what it is for or there was too much to compare it all, with 2
when there is nothing to compare.

Examples:
  $ tvm policy diff main policies/
  $ tvm policy diff origin/main HEAD --fail-on widen
`;

interface DiffCommandOptions extends GlobalOptions {
  failOn?: 'widen';
}

/** Adds `tvm policy diff`: what a change of policies means, by name. */
export function addPolicyDiffCommand(policy: Command): void {
  policy
    .command('diff')
    .summary('say what a change of policies lets whom do')
    .description('Say what a change of policies makes newly reachable or unreachable, to whom, by name.')
    .argument('<BASE>', 'the policies before')
    .argument('<HEAD>', 'the policies after')
    .addOption(new Option('--fail-on <what>', 'exit with 1 when somebody can do more').choices(['widen']))
    .addHelpText('after', EXAMPLES)
    .action(async (base: string, head: string, _options, command: Command) => {
      // Not before: Cedar would slow every other command down.
      const { diff } = await import('./diff.ts');
      const { output, failOn } = command.optsWithGlobals<DiffCommandOptions>();
      await diff(base, head, output, failOn === 'widen');
    });
}
