import type { Command } from 'commander';
import { addPolicyCheckCommand } from './check-command.ts';
import { addPolicyDiffCommand } from './diff-command.ts';
import { addPolicyExportCommand } from './export-command.ts';
import { addPolicyReplayCommand } from './replay-command.ts';
import { addPolicyTestCommand } from './test-command.ts';
import { addPolicyUnusedCommand } from './unused-command.ts';

const EXAMPLES = `
Exits with 0 when nothing is found, with 1 when something is, with 2 when it could not be looked for.
Needs neither the machine nor AWS.

Examples:
  $ tvm policy check policies/ cdk.out/*.template.json k8s/
  $ tvm policy test
  $ tvm policy diff origin/main policies/ --fail-on widen
  $ tvm policy check --help
`;

/** Adds the group `tvm policy`: what is checked before it is deployed. */
export function addPolicyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .summary('check policies, templates and manifests before they are deployed')
    .description('Check policies, templates and manifests before they are deployed.')
    .addHelpText('after', EXAMPLES);
  addPolicyCheckCommand(policy);
  addPolicyTestCommand(policy);
  addPolicyDiffCommand(policy);
  addPolicyReplayCommand(policy);
  addPolicyUnusedCommand(policy);
  addPolicyExportCommand(policy);
}
