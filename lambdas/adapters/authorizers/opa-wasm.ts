import type { ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { loadRego } from '@tvm/core/external-authorizers/rego.ts';

/**
 * A condition in Rego, compiled to WebAssembly, evaluated here. Each question is the rule's `input`, as
 * `AuthorizerRequest` describes it; the rule's value `true` allows, any other refuses, and none too.
 *
 * @param data JSON, the policy's `data`
 * @throws {RegoError} when the policy cannot be loaded
 */
export async function opaWasmCondition(
  name: string,
  wasm: Uint8Array,
  entrypoint: string,
  data?: unknown,
): Promise<ExternalAuthorizer> {
  const rule = await loadRego(wasm, entrypoint, data);
  return {
    name,
    async allows(questions) {
      const answers: boolean[] = [];
      for (const question of questions) answers.push((await rule.evaluate(question)) === true);
      return answers;
    },
  };
}
