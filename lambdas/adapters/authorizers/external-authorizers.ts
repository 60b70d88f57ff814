import { readFileSync } from 'node:fs';
import type { ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { type AuthorizerSettings, isServiceUrl } from '@tvm/core/external-authorizers/settings.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { authzenAuthorizer } from './authzen.ts';
import { opaRestAuthorizer } from './opa-rest.ts';

/**
 * Loads the external authorizers of this deployment from `conditions.json`, and from the policy files next to the code.
 *
 * @param code the handler's own URL, `import.meta.url`
 * @throws if an authorizer cannot be loaded; the function must not serve requests without it
 */
export function readExternalAuthorizers(code: string): Promise<ExternalAuthorizer[]> {
  const read = (name: string) => readFileSync(new URL(name, code));
  return externalAuthorizers(JSON.parse(read('conditions.json').toString()), read, Date);
}

/**
 * Creates the configured external authorizers.
 *
 * @param file reads a file next to the code, given its name
 * @throws if an authorizer cannot be loaded
 */
export function externalAuthorizers(
  settings: readonly AuthorizerSettings[],
  file: (name: string) => Uint8Array,
  clock: Clock,
): Promise<ExternalAuthorizer[]> {
  return Promise.all(settings.map((condition) => externalAuthorizer(condition, file, clock)));
}

async function externalAuthorizer(
  settings: AuthorizerSettings,
  file: (name: string) => Uint8Array,
  clock: Clock,
): Promise<ExternalAuthorizer> {
  const { name } = settings;
  if (settings.type === 'opa-wasm') {
    const data = settings.data && JSON.parse(new TextDecoder().decode(file(`${name}.data.json`)));
    // Loaded on demand, since the Rego runtime would slow the cold starts of deployments that do not use it.
    const { opaWasmAuthorizer } = await import('./opa-wasm.ts');
    return opaWasmAuthorizer(name, file(`${name}.wasm`), settings.entrypoint, data);
  }
  if (!isServiceUrl(settings.url)) throw new Error(`condition ${name} must have an https URL`);
  return settings.type === 'opa-rest' ? opaRestAuthorizer(settings, clock) : authzenAuthorizer(settings, clock);
}
