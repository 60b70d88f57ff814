import { readFileSync } from 'node:fs';
import type { ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { type ConditionSettings, isServiceUrl } from '@tvm/core/external-authorizers/settings.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { authzenCondition } from './authzen.ts';
import { opaRestCondition } from './opa-rest.ts';

/**
 * The further conditions of this deployment: `conditions.json` beside the code, and the files that lie there for them.
 *
 * @param code the code's own URL, `import.meta.url`
 * @throws when one cannot be loaded: a function deployed like that must not answer
 */
export function readConditions(code: string): Promise<ExternalAuthorizer[]> {
  const beside = (name: string) => readFileSync(new URL(name, code));
  return externalAuthorizers(JSON.parse(beside('conditions.json').toString()), beside, Date);
}

/**
 * @param file gives the content of a file that lies beside the code, by its name
 * @throws when one cannot be loaded
 */
export function externalAuthorizers(
  settings: readonly ConditionSettings[],
  file: (name: string) => Uint8Array,
  clock: Clock,
): Promise<ExternalAuthorizer[]> {
  return Promise.all(settings.map((condition) => externalAuthorizer(condition, file, clock)));
}

async function externalAuthorizer(
  settings: ConditionSettings,
  file: (name: string) => Uint8Array,
  clock: Clock,
): Promise<ExternalAuthorizer> {
  const { name } = settings;
  if (settings.type === 'opa-wasm') {
    const data = settings.data && JSON.parse(new TextDecoder().decode(file(`${name}.data.json`)));
    // Evaluating Rego costs a cold start time, which those without it need not pay.
    const { opaWasmCondition } = await import('./opa-wasm.ts');
    return opaWasmCondition(name, file(`${name}.wasm`), settings.entrypoint, data);
  }
  if (!isServiceUrl(settings.url)) throw new Error(`condition ${name} is asked by https alone`);
  return settings.type === 'opa-rest' ? opaRestCondition(settings, clock) : authzenCondition(settings, clock);
}
