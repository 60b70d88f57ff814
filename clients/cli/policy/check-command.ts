import { Argument, type Command, Option } from 'commander';
import { allowRegistryOption } from './registry-option.ts';

const EXAMPLES = `
A directory is searched recursively for .yaml, .yml, .json and .template files.
node_modules and directories that start with a dot are skipped. A directory
with .cedar files is a policy directory and is checked as a whole. The path -
is the standard input.

To suppress a finding until a date, write a comment above the resource, or a
string inside it:

  # tvm-allow kubernetes/host-namespace until YYYY-MM-DD: node exporter

Exits with 0 if there are no errors, with 1 if there are, with 2 if the check
could not run. Warnings count as errors only with --strict. Files that are not
manifests, and values that are known only at deployment, are not judged. The
report lists them, and with --fail-on unjudged they count as errors. The rules
are listed in docs/reference/gate-rules.md.

Examples:
  $ tvm policy check policies/
  $ tvm policy check cdk.out/*.template.json k8s/

  Allow only images from your own registry:
    $ tvm policy check k8s/ --allow-registry ghcr.io/acme

  Check a rendered Helm chart, or kustomization:
    $ helm template charts/orders | tvm policy check -
    $ kustomize build overlays/production | tvm policy check -

  Check your own Rego rules, written as for conftest:
    $ opa build -t wasm -e main/deny -o rules.tar.gz rules.rego
    $ tar -xzf rules.tar.gz /policy.wasm
    $ tvm policy check k8s/ --rego policy.wasm

  Annotate the lines of a pull request in a GitHub workflow:
    $ tvm policy check --format github
`;

/** Adds `tvm policy check`, which finds insecure policies, manifests and templates. */
export function addPolicyCheckCommand(policy: Command): void {
  policy
    .command('check')
    .summary('find insecure policies, manifests and templates')
    .description('Find insecure settings in policies, Kubernetes manifests and CloudFormation templates.')
    .addArgument(
      new Argument('[PATH...]', 'files and directories, or - for standard input').default(
        undefined,
        'policies/, or else the working directory',
      ),
    )
    .addOption(
      new Option('--format <format>', 'report format')
        .choices(['text', 'json', 'sarif', 'github'])
        .default(undefined, 'as --output'),
    )
    .addOption(allowRegistryOption())
    .option('--rego <file>', 'your own rules in Rego, compiled to WebAssembly')
    .addOption(
      new Option('--rego-entrypoint <rule>', 'Rego rule that lists the violations').default(undefined, 'main/deny'),
    )
    .option('--strict', 'exit with 1 for warnings, too')
    .addOption(new Option('--fail-on <what>', 'exit with 1 if something was not judged, too').choices(['unjudged']))
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], _options, command: Command) => {
      // Imported only here, because loading the rules would slow down every other command.
      const { check } = await import('./check.ts');
      await check(paths, command.optsWithGlobals());
    });
}
