import { ConfigurationFailure, parseConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';

await loadSourceKinds();

/** A valid token, as YAML on one line. */
export const aToken = '{ name: a, type: exec, source: { command: [/bin/true] } }';

/** Returns the errors of a text, or none if it is a valid configuration. */
export function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parseConfiguration(text, '/etc/tokenrelay/config.yaml', env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationFailure) return error.faults;
    throw error;
  }
}

/** Returns a configuration with one token, given as YAML on one line. */
export function withToken(more: string): string {
  return `tokens: [{ name: a, type: exec, source: { command: [/bin/true] }, ${more} }]`;
}
