import type { ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { loadRego } from '@tvm/core/external-authorizers/rego.ts';

/**
 * An external authorizer that evaluates a Rego policy, compiled to WebAssembly, inside the function. Each request,
 * shaped like `AuthorizerRequest`, is the rule's `input`. The value `true` allows. Any other value denies, and so does
 * an undefined one.
 *
 * @param data JSON, the policy's `data`
 * @throws {RegoError} if the policy cannot be loaded
 */
export async function opaWasmAuthorizer(
  name: string,
  wasm: Uint8Array,
  entrypoint: string,
  data?: unknown,
): Promise<ExternalAuthorizer> {
  const rule = await loadRego(wasm, entrypoint, data);
  return {
    name,
    async allows(requests) {
      const decisions: boolean[] = [];
      for (const request of requests) decisions.push((await rule.evaluate(request)) === true);
      return decisions;
    },
  };
}
