import { existsSync, readFileSync } from 'node:fs';
import { loadRego } from '@tvm/core/external-authorizers/rego.ts';
import { type Config, ConfigError } from './config.ts';

type Conditions = Config['conditions'];
type OpaWasm = Extract<Conditions[number], { type: 'opa-wasm' }>;

/**
 * Returns the files that the functions need for external authorizers, by name: `conditions.json`, and for each policy
 * in WebAssembly `<name>.wasm` and, if it has data, `<name>.data.json`.
 *
 * Each policy is loaded once here, so that a policy that cannot be loaded is not deployed.
 *
 * @param project the folder that paths in the configuration are relative to
 * @throws {ConfigError}
 */
export async function authorizerFiles(
  conditions: Conditions,
  project: URL,
): Promise<Record<string, string | Uint8Array>> {
  const files: Record<string, string | Uint8Array> = { 'conditions.json': JSON.stringify(conditions) };
  for (const condition of conditions) {
    if (condition.type !== 'opa-wasm') continue;
    const wasm = read(condition, condition.file, project);
    const data = condition.data && json(condition, read(condition, condition.data, project));
    try {
      await loadRego(wasm, condition.entrypoint, data);
    } catch (error) {
      throw new ConfigError(`conditions: ${condition.name}: ${condition.file} ${(error as Error).message}`);
    }
    files[`${condition.name}.wasm`] = wasm;
    if (condition.data) files[`${condition.name}.data.json`] = JSON.stringify(data);
  }
  return files;
}

function read({ name }: OpaWasm, path: string, project: URL): Uint8Array {
  const file = new URL(path, project);
  if (!existsSync(file)) throw new ConfigError(`conditions: ${name}: ${path} does not exist`);
  return readFileSync(file);
}

function json({ name, data }: OpaWasm, content: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(content));
  } catch {
    throw new ConfigError(`conditions: ${name}: ${data} is not JSON`);
  }
}
