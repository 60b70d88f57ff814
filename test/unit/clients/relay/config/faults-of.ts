import { ConfigurationFailure, parseConfiguration } from 'tokenrelay/config/read-configuration.ts';
import { loadSourceKinds } from 'tokenrelay/sources/kinds.ts';

await loadSourceKinds();

/** A token that lacks nothing, as YAML in one line. */
export const aToken = '{ name: a, type: exec, source: { command: [/bin/true] } }';

/** What is wrong with a text; nothing when it is a configuration. */
export function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): readonly string[] {
  try {
    parseConfiguration(text, '/etc/tokenrelay/config.yaml', env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationFailure) return error.faults;
    throw error;
  }
}

/** The configuration of one token, given as YAML of one line. */
export function withToken(more: string): string {
  return `tokens: [{ name: a, type: exec, source: { command: [/bin/true] }, ${more} }]`;
}
