import type { Command } from 'commander';
import { addPolicyCheckCommand } from './check-command.ts';
import { addPolicyDiffCommand } from './diff-command.ts';
import { addPolicyExportCommand } from './export-command.ts';
import { addPolicyReplayCommand } from './replay-command.ts';
import { addPolicyTestCommand } from './test-command.ts';
import { addPolicyUnusedCommand } from './unused-command.ts';

const EXAMPLES = `
Exits with 0 if there are no findings, with 1 if there are, with 2 if the check
could not run. Needs neither the service nor AWS.

Examples:
  $ tvm policy check policies/ cdk.out/*.template.json k8s/
  $ tvm policy test
  $ tvm policy diff origin/main policies/ --fail-on widen
  $ tvm policy check --help
`;

/** Adds the command group `tvm policy`, which checks files before they are deployed. */
export function addPolicyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .summary('check policies, templates and manifests before deployment')
    .description('Check policies, CloudFormation templates and Kubernetes manifests before deployment.')
    .addHelpText('after', EXAMPLES);
  addPolicyCheckCommand(policy);
  addPolicyTestCommand(policy);
  addPolicyDiffCommand(policy);
  addPolicyReplayCommand(policy);
  addPolicyUnusedCommand(policy);
  addPolicyExportCommand(policy);
}
