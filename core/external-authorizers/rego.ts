import { loadPolicy } from '@open-policy-agent/opa-wasm';

/** One rule of a policy in Rego. */
export interface RegoRule {
  /**
   * @param input JSON, the rule's `input`
   * @returns the rule's value, `undefined` where it has none
   * @throws {RegoError} when it cannot be evaluated: it contradicts itself, or asks for too much memory
   */
  evaluate(input: unknown): Promise<unknown>;
}

/** A compiled policy cannot be used, or not for this input. */
export class RegoError extends Error {
  override readonly name = 'RegoError';
}

/** In pages of 64 KiB: 1 MiB to begin with, 64 MiB at most. */
const MEMORY = { initial: 16, maximum: 1024 };

/** The functions that opa-wasm adds to those that are compiled into a policy: its src/builtins. */
const PROVIDED = new Set([
  'json.is_valid',
  'regex.split',
  'sprintf',
  'yaml.is_valid',
  'yaml.marshal',
  'yaml.unmarshal',
]);

/**
 * Loads a policy that `opa build -t wasm` made.
 *
 * @param entrypoint the rule, as it was named when compiling, such as `tvm/condition/allow`
 * @param data JSON, the policy's `data`
 * @throws {RegoError} when it is no such policy, has no such entrypoint, or calls functions that are not there, such as
 *   `http.send` and `time.now_ns`: better now than when asked
 * @see https://www.openpolicyagent.org/docs/wasm
 */
export async function loadRego(wasm: Uint8Array, entrypoint: string, data: unknown = {}): Promise<RegoRule> {
  const load = () => instance(wasm, data);
  let loaded = await load();
  if (!Object.hasOwn(loaded.entrypoints, entrypoint)) {
    throw new RegoError(`has no entrypoint ${entrypoint}, but ${Object.keys(loaded.entrypoints).sort().join(', ')}`);
  }
  const missing = requiredFunctions(loaded).filter((name) => !PROVIDED.has(name));
  if (missing.length > 0) throw new RegoError(`calls ${missing.join(', ')}, which policies in WebAssembly cannot`);

  return {
    async evaluate(input) {
      const json = new TextEncoder().encode(JSON.stringify(input) ?? 'null').buffer;
      let results: unknown;
      try {
        results = loaded.evaluate(json, entrypoint);
      } catch (cause) {
        // What was thrown past WebAssembly's frames left its stack as it was: that instance is done.
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
    throw new RegoError(`is no policy compiled by opa: ${described(cause)}`, { cause });
  }
}

/** The functions that a policy calls and does not hold, as its module says them: a string of JSON in its memory. */
function requiredFunctions({ wasmInstance, mem }: Instance): string[] {
  const { builtins, opa_json_dump } = (wasmInstance as { exports: unknown }).exports as {
    builtins(): number;
    opa_json_dump(address: number): number;
  };
  const start = opa_json_dump(builtins());
  const memory = new Uint8Array(mem.buffer);
  return Object.keys(JSON.parse(new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start)))));
}

/** opa-wasm throws errors, strings and objects with a message. */
function described(thrown: unknown): string {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) return String(thrown.message);
  return String(thrown);
}
