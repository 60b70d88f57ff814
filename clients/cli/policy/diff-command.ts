import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';

const EXAMPLES = `
BASE and HEAD are directories or git revisions. A revision such as main or
HEAD~1 means its directory policies/; name another directory as in
main:some/directory.

The command compares every workload, action and resource that the policies
name, in circumstances built from the values in their conditions. Every listed
change is real, but the list may be incomplete. It also says who may now come
in with a proof, and who no longer may (trust.yaml).

Exits with 0; with 1 if --fail-on is given and access is wider or could not be
compared completely; with 2 if there is nothing to compare.

Examples:
  $ tvm policy diff main policies/
  $ tvm policy diff origin/main HEAD --fail-on widen
`;

interface DiffCommandOptions extends GlobalOptions {
  failOn?: 'widen';
}

/** Adds `tvm policy diff`, which lists the effect of a policy change by workload. */
export function addPolicyDiffCommand(policy: Command): void {
  policy
    .command('diff')
    .summary('show the effect of a policy change')
    .description('Show, by workload, the access that a policy change adds or removes.')
    .argument('<BASE>', 'policies before the change')
    .argument('<HEAD>', 'policies after the change')
    .addOption(new Option('--fail-on <change>', 'exit with 1 on this kind of change').choices(['widen']))
    .addHelpText('after', EXAMPLES)
    .action(async (base: string, head: string, _options, command: Command) => {
      // Imported only here, because loading Cedar would slow down every other command.
      const { diff } = await import('./diff.ts');
      const { output, failOn } = command.optsWithGlobals<DiffCommandOptions>();
      await diff(base, head, output, failOn === 'widen');
    });
}
