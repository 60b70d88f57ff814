import { type Command, Option } from 'commander';
import { allowRegistryOption } from './registry-option.ts';

const EXAMPLES = `
A directory is searched for .yaml, .yml, .json and .template, but not its node_modules and dot folders.
One that holds a schema.cedarschema is a directory of policies, judged as a whole.
A finding that must stay is suppressed for a time, in a comment above or in a text within what it is for:

  # tvm-allow kubernetes/host-namespace until YYYY-MM-DD: the node exporter reads /proc

Exits with 0 without errors, with 1 when there are some, with 2 when it could not run. Warnings are no
errors, except with --strict. The rules: docs/reference/gate-rules.md.

Examples:
  $ tvm policy check policies/
  $ tvm policy check cdk.out/*.template.json k8s/

  Images from your own registry only:
    $ tvm policy check k8s/ --allow-registry ghcr.io/acme

  A Helm chart, rendered:
    $ helm template charts/orders > rendered.yaml && tvm policy check rendered.yaml

  A team's own rules in Rego, as conftest has them:
    $ opa build -t wasm -e main/deny -o rules.tar.gz rules.rego && tar -xzf rules.tar.gz /policy.wasm
    $ tvm policy check k8s/ --rego policy.wasm

  In a GitHub workflow, at the lines of the pull request:
    $ tvm policy check --format github
`;

/** Adds `tvm policy check`: finds what must not be deployed. */
export function addPolicyCheckCommand(policy: Command): void {
  policy
    .command('check')
    .summary('find what must not be deployed')
    .description('Find, in policies, Kubernetes manifests and CloudFormation templates, what must not be deployed.')
    .argument('[PATH...]', 'files and directories; none: policies/, or else the working directory')
    .addOption(
      new Option('--format <format>', 'how to write (default: as --output)').choices([
        'text',
        'json',
        'sarif',
        'github',
      ]),
    )
    .addOption(allowRegistryOption())
    .option('--rego <file>', 'a team’s own rules: Rego, compiled to WebAssembly')
    .option('--rego-entrypoint <rule>', 'the rule in it that lists what is wrong (default: main/deny)')
    .option('--strict', 'exit with 1 for warnings too')
    .addHelpText('after', EXAMPLES)
    .action(async (paths: string[], _options, command: Command) => {
      // Not before: the rules and their parser would slow every other command down.
      const { check } = await import('./check.ts');
      await check(paths, command.optsWithGlobals());
    });
}
