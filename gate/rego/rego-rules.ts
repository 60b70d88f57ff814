import { loadRego, RegoError } from '@tvm/core/external-authorizers/rego.ts';

/**
 * Loads a team's own Rego rules, compiled to WebAssembly, which check documents such as manifests.
 *
 * The value of the entrypoint is a set or array of messages about its `input`, as with conftest: strings, or objects with
 * a string `msg`. If it is undefined, there are no messages.
 *
 * @param wasm the output of `opa build -t wasm`
 * @param entrypoint the entrypoint, such as `main/deny`
 * @returns a function that returns the messages about a document. It throws a {@link RegoError} if the rules cannot be
 *   evaluated or their value is not such a list.
 * @throws {RegoError} if the rules cannot be loaded
 * @see https://www.conftest.dev/#evaluating-policies
 */
export async function regoRules(
  wasm: Uint8Array,
  entrypoint: string,
): Promise<(document: unknown) => Promise<string[]>> {
  const rules = await loadRego(wasm, entrypoint);
  return async (document) => {
    const found = (await rules.evaluate(document)) ?? [];
    if (!Array.isArray(found))
      throw new RegoError(`${entrypoint} must be a set of messages, not ${JSON.stringify(found)}`);
    return found.map((entry: unknown) => {
      const message = typeof entry === 'object' && entry !== null && 'msg' in entry ? entry.msg : entry;
      if (typeof message !== 'string')
        throw new RegoError(`${entrypoint} must contain strings or objects with msg, not ${JSON.stringify(entry)}`);
      return message;
    });
  };
}
