import { loadPolicy } from '@open-policy-agent/opa-wasm';

/** One rule of a Rego policy. */
export interface RegoRule {
  /**
   * @param input JSON value for the rule's `input`
   * @returns the rule's value, or `undefined` if the rule is undefined
   * @throws {RegoError} if the evaluation fails, for example because of conflicting values or too little memory
   */
  evaluate(input: unknown): Promise<unknown>;
}

/** Signals that a compiled policy cannot be loaded, or cannot be evaluated for an input. */
export class RegoError extends Error {
  override readonly name = 'RegoError';
}

/** Memory in pages of 64 KiB: initially 1 MiB, at most 64 MiB. */
const MEMORY = { initial: 16, maximum: 1024 };

/** The built-in functions that opa-wasm provides (its src/builtins). Others are compiled into the policy. */
const PROVIDED = new Set([
  'json.is_valid',
  'regex.split',
  'sprintf',
  'yaml.is_valid',
  'yaml.marshal',
  'yaml.unmarshal',
]);

/**
 * Loads a policy compiled with `opa build -t wasm`.
 *
 * @param entrypoint name of the rule at compile time, for example `tvm/condition/allow`
 * @param data JSON value for the policy's `data`
 * @throws {RegoError} if the file is not a compiled policy, lacks the entrypoint, or calls functions that are not
 *   available in WebAssembly, such as `http.send` and `time.now_ns`
 * @see https://www.openpolicyagent.org/docs/wasm
 */
export async function loadRego(wasm: Uint8Array, entrypoint: string, data: unknown = {}): Promise<RegoRule> {
  const load = () => instance(wasm, data);
  let loaded = await load();
  if (!Object.hasOwn(loaded.entrypoints, entrypoint)) {
    throw new RegoError(
      `has no entrypoint ${entrypoint}; its entrypoints are ${Object.keys(loaded.entrypoints).sort().join(', ')}`,
    );
  }
  const missing = requiredFunctions(loaded).filter((name) => !PROVIDED.has(name));
  if (missing.length > 0) throw new RegoError(`calls ${missing.join(', ')}, which is not available in WebAssembly`);

  return {
    async evaluate(input) {
      const json = new TextEncoder().encode(JSON.stringify(input) ?? 'null').buffer;
      let results: unknown;
      try {
        results = loaded.evaluate(json, entrypoint);
      } catch (cause) {
        // The exception skipped WebAssembly's frames, so the stack of the instance is corrupt. Load a new instance.
        loaded = await load();
        throw new RegoError(`could not be evaluated: ${described(cause)}`, { cause });
      }
      const [result] = results as { result: unknown }[];
      return result?.result;
    },
  };
}

type Instance = Awaited<ReturnType<typeof loadPolicy>>;

async function instance(wasm: Uint8Array, data: unknown): Promise<Instance> {
  try {
    const loaded = await loadPolicy(wasm, { ...MEMORY });
    loaded.setData(data as object);
    return loaded;
  } catch (cause) {
    throw new RegoError(`is not a policy compiled with opa: ${described(cause)}`, { cause });
  }
}

/** The functions that a policy imports. The module lists them as a JSON string in its memory. */
function requiredFunctions({ wasmInstance, mem }: Instance): string[] {
  const { builtins, opa_json_dump } = (wasmInstance as { exports: unknown }).exports as {
    builtins(): number;
    opa_json_dump(address: number): number;
  };
  const start = opa_json_dump(builtins());
  const memory = new Uint8Array(mem.buffer);
  return Object.keys(JSON.parse(new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start)))));
}

/** Describes a thrown value. opa-wasm throws errors, strings and objects with a message. */
function described(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
