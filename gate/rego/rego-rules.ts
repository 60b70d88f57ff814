import { loadRego, RegoError } from '@tvm/core/external-authorizers/rego.ts';

/**
 * A team's own rules in Rego, compiled to WebAssembly, over documents such as manifests.
 *
 * The entrypoint is a set or array of what is wrong with its `input`, as with conftest: texts, or objects with a text
 * `msg`. Where it has no value, nothing is wrong.
 *
 * @param wasm what `opa build -t wasm` made
 * @param entrypoint such as `main/deny`
 * @returns the messages about a document. It throws a {@link RegoError} when the rules cannot be evaluated, or their
 *   value is no such list
 * @throws {RegoError} when the rules cannot be loaded
 * @see https://www.conftest.dev/#evaluating-policies
 */
export async function regoRules(
  wasm: Uint8Array,
  entrypoint: string,
): Promise<(document: unknown) => Promise<string[]>> {
  const rules = await loadRego(wasm, entrypoint);
  return async (document) => {
    const found = (await rules.evaluate(document)) ?? [];
    if (!Array.isArray(found)) throw new RegoError(`${entrypoint} is no set of messages, but ${JSON.stringify(found)}`);
    return found.map((entry: unknown) => {
      const message = typeof entry === 'object' && entry !== null && 'msg' in entry ? entry.msg : entry;
      if (typeof message !== 'string') throw new RegoError(`${entrypoint} has no text in ${JSON.stringify(entry)}`);
      return message;
    });
  };
}
