import type { Command } from 'commander';
import { addPolicyCheckCommand } from './policy-check-command.ts';
import { addPolicyExportCommand } from './policy-export-command.ts';

const EXAMPLES = `
Exits with 0 when nothing is found, with 1 when something is, with 2 when it could not be looked for.
Needs neither the machine nor AWS.

Examples:
  $ tvm policy check cdk.out/*.template.json k8s/
  $ tvm help policy check
`;

/** Adds the group `tvm policy`: what is checked before it is deployed. */
export function addPolicyCommand(program: Command): void {
  const policy = program
    .command('policy')
    .summary('check policies, templates and manifests before they are deployed')
    .description('Check policies, templates and manifests before they are deployed.')
    .addHelpText('after', EXAMPLES);
  addPolicyCheckCommand(policy);
  addPolicyExportCommand(policy);
}
