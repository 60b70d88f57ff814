import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import type { GlobalOptions } from '../connection/global-options.ts';
import { allowRegistryOption } from './registry-option.ts';

const EXAMPLES = `
The cluster rejects resources with errors and reports resources with warnings.
Suppression comments have no effect in the cluster: test the policies in a
cluster where rejections do no harm.

Examples:
  $ tvm policy export --validating-admission-policy | kubectl apply -f -
  $ tvm policy export --kyverno --allow-registry ghcr.io/acme > policies.yaml
`;

interface ExportCommandOptions extends GlobalOptions {
  kyverno?: boolean;
  validatingAdmissionPolicy?: boolean;
  allowRegistry?: string[];
}

/** Adds `tvm policy export`, which writes the rules for a cluster to enforce. */
export function addPolicyExportCommand(policy: Command): void {
  policy
    .command('export')
    .summary('write the Kubernetes rules as admission policies')
    .description('Write the Kubernetes rules as admission policies, so that a cluster enforces them.')
    .addOption(new Option('--kyverno', 'ClusterPolicy of Kyverno 1.13 or later').conflicts('validatingAdmissionPolicy'))
    .option('--validating-admission-policy', 'ValidatingAdmissionPolicy of Kubernetes 1.30 or later')
    .addOption(allowRegistryOption())
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => exportRules(command.optsWithGlobals()));
}

async function exportRules(options: ExportCommandOptions): Promise<void> {
  const { kyverno, validatingAdmissionPolicy, allowRegistry = [] } = options;
  // Imported only here, because loading the rules would slow down every other command.
  if (kyverno) {
    const { exportKyverno } = await import('@tvm/gate/export/kyverno.ts');
    process.stdout.write(exportKyverno(allowRegistry));
  } else if (validatingAdmissionPolicy) {
    const { exportValidatingAdmissionPolicy } = await import('@tvm/gate/export/validating-admission-policy.ts');
    process.stdout.write(exportValidatingAdmissionPolicy(allowRegistry));
  } else {
    throw usageFailure('give either --kyverno or --validating-admission-policy', '--kyverno');
  }
}
