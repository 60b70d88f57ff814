import { describe, expect, it } from 'vitest';
import { allowedImports } from './allowed-imports.ts';
import { cycles, faults, sourceFiles, specifiersIn } from './imports.ts';

const files = sourceFiles();

describe('imports', () => {
  it('are allowed by the rules', () => {
    expect(files.length).toBeGreaterThan(900);
    expect(files.flatMap(faults)).toEqual([]);
  });

  it('have no cycle', () => {
    expect(cycles(files)).toEqual([]);
  });

  it('are recognized in every statement form', () => {
    const text = [
      "import a from './a.ts';",
      "import type { B } from './b.ts';",
      "import {\n  c,\n  type D,\n} from './c.ts';",
      "import './d.ts';",
      "export { e } from './e.ts';",
      "export * from './f.ts';",
      "const g = await import('./g.ts');",
    ].join('\n');
    expect(specifiersIn(text)).toEqual('abcdefg'.split('').map((name) => `./${name}.ts`));
  });

  const forbidden = [
    ['contract/token.ts', '@tvm/core/ports.ts'],
    ['contract/token.ts', '@tvm/gate/rules.ts'],
    ['contract/token.ts', 'node:fs'],
    ['contract/token.ts', '@aws-sdk/client-kms'],
    ['core/ports.ts', './policy/bundle.ts'],
    ['core/identity/caller.ts', '../policy/bundle.ts'],
    ['gate/model/finding.ts', '../kubernetes/rules.ts'],
    ['core/records/token-record.ts', '../issuing/issue-token.ts'],
    ['core/revocation/requests/revocation-request.ts', '../triggers/index.ts'],
    ['core/policy/bundle.ts', '@tvm/gate/rules.ts'],
    ['core/policy/bundle.ts', '@tvm/api/loopback.ts'],
    ['core/policy/bundle.ts', '#lib/config/config.ts'],
    ['core/policy/bundle.ts', 'node:fs'],
    ['core/policy/bundle.ts', '@aws-sdk/client-dynamodb'],
    ['gate/rules.ts', '#lambdas/runtime/answers.ts'],
    ['gate/rules.ts', 'node:fs'],
    ['gate/model/finding.ts', '../rules.ts'],
    ['gate/kubernetes/rules.ts', '../credentials/rules.ts'],
    ['lambdas/issue-token/handler.ts', '@tvm/gate/rules.ts'],
    ['lambdas/issue-token/handler.ts', '../explain-token/explain-endpoint.ts'],
    ['lambdas/issue-token/handler.ts', '#lib/tvm-stack.ts'],
    ['lambdas/issue-token/handler.ts', 'aws-cdk-lib'],
    ['lambdas/adapters/kms/signer.ts', '../../shared/decision-ports.ts'],
    ['lambdas/runtime/answers.ts', '../adapters/once.ts'],
    ['lib/tvm-stack.ts', '#lambdas/issue-token/handler.ts'],
    ['lib/tvm-stack.ts', '#lambdas/adapters/once.ts'],
    ['lib/config/config.ts', '../constructs/bundle.ts'],
    ['lib/tvm-stack.ts', '@tvm/gate/rules.ts'],
    ['clients/api/signed-fetch.ts', '@tvm/core/ports.ts'],
    ['clients/terminal/output.ts', '@tvm/contract/token.ts'],
    ['clients/verifier/status-lists.ts', 'tokenrelay/model/clock.ts'],
    ['clients/verifier/status-lists.ts', '@tvm/api/signed-fetch.ts'],
    ['clients/relay/program.ts', '@tvm/core/policy/bundle.ts'],
    ['clients/relay/program.ts', '@tvm/cli/program.ts'],
    ['clients/relay/model/token.ts', '../agent/agent.ts'],
    ['clients/relay/settings/fields.ts', '../model/source.ts'],
    ['clients/relay/http/client.ts', '../sources/kinds.ts'],
    ['clients/relay/sources/kinds.ts', '../config/configuration.ts'],
    ['clients/relay/config/secrets.ts', '../agent/agent.ts'],
    ['clients/relay/endpoints/metrics.ts', '../agent/agent.ts'],
    ['clients/relay/child/end-as.ts', '../commands/signals.ts'],
    ['clients/relay/failure.ts', '@tvm/contract/token.ts'],
    ['clients/cli/program.ts', '@tvm/core/issuing/issue-token.ts'],
    ['clients/cli/program.ts', '#lambdas/runtime/answers.ts'],
    ['scripts/emulators/target.ts', '../localstack/localstack.ts'],
    ['lib/tvm-stack.ts', '#test/fakes/in-memory-service.ts'],
    // The right file by the wrong way.
    ['lib/tvm-stack.ts', '../core/policy/bundle.ts'],
    ['core/audit/archive/chain.ts', '../../../core/ports.ts'],
    ['lib/tvm-stack.ts', '@tvm/core/policy/no-such-file.ts'],
  ] as const;

  it.each(forbidden)('reject in %s: %s', (file, specifier) => {
    expect(faults({ file, specifiers: [specifier] })).toEqual([
      expect.stringContaining(`${file} imports ${specifier}`),
    ]);
  });

  it('have a rule for every folder of product code', () => {
    const product = files.map(({ file }) => file).filter((file) => !/^(test|bench)\//.test(file));
    const limited = (file: string) =>
      Object.keys(allowedImports).some((place) => file.startsWith(place.split('*')[0] ?? ''));
    expect(product.filter((file) => !limited(file))).toEqual([]);
  });

  it('reports a cycle', () => {
    const a = { file: 'core/a.ts', specifiers: ['./b.ts'] };
    const b = { file: 'core/b.ts', specifiers: ['@tvm/core/a.ts'] };
    expect(cycles([a, b])).toEqual(['core/a.ts -> core/b.ts -> core/a.ts', 'core/b.ts -> core/a.ts -> core/b.ts']);
    expect(cycles([a, { ...b, specifiers: [] }])).toEqual([]);
  });
});
