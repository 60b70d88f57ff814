import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';
import { allowRegistryOption } from './registry-option.ts';

const EXAMPLES = `
What the check calls an error the cluster refuses; what it calls a warning the cluster reports.
Suppressions are for the check alone: try the policies out where refusals do no harm.

Examples:
  $ tvm policy export --validating-admission-policy | kubectl apply -f -
  $ tvm policy export --kyverno --allow-registry ghcr.io/acme > policies.yaml
`;

interface ExportCommandOptions extends GlobalOptions {
  kyverno?: boolean;
  validatingAdmissionPolicy?: boolean;
  allowRegistry?: string[];
}

/** Adds `tvm policy export`: the rules, for a cluster to hold. */
export function addPolicyExportCommand(policy: Command): void {
  policy
    .command('export')
    .summary('write the rules as admission policies of a cluster')
    .description('Write the rules about Kubernetes as admission policies: the cluster holds what the check finds.')
    .addOption(
      new Option('--kyverno', 'as ClusterPolicy of Kyverno 1.13 or later').conflicts('validatingAdmissionPolicy'),
    )
    .option('--validating-admission-policy', 'as ValidatingAdmissionPolicy of Kubernetes 1.30 or later')
    .addOption(allowRegistryOption())
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => exportRules(command.optsWithGlobals()));
}

async function exportRules(options: ExportCommandOptions): Promise<void> {
  const { kyverno, validatingAdmissionPolicy, allowRegistry = [] } = options;
  // Not before they are asked for: the rules and their library would slow every other command down.
  if (kyverno) {
    const { exportKyverno } = await import('@tvm/gate/export/kyverno.ts');
    process.stdout.write(exportKyverno(allowRegistry));
  } else if (validatingAdmissionPolicy) {
    const { exportValidatingAdmissionPolicy } = await import('@tvm/gate/export/validating-admission-policy.ts');
    process.stdout.write(exportValidatingAdmissionPolicy(allowRegistry));
  } else {
    throw usageFailure('--kyverno or --validating-admission-policy must be given, one of the two', '--kyverno');
  }
}
