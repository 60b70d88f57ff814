import { type Fault, type Path, valueAt, written } from '@tvm/core/settings/fault.ts';
import { type Position, readYaml, type YamlText } from '@tvm/core/settings/yaml-text.ts';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import { loadSourceKinds, type SourceType, sourceTypes } from '../sources/kinds.ts';
import { type Configuration, configurationSchema } from './configuration.ts';
import { crossChecks } from './cross-checks.ts';
import { locatedSecrets } from './located-secrets.ts';
import { listAt, textAt } from './parts.ts';
import { readBySchema } from './schema-faults.ts';
import { replaceVariables } from './variables.ts';

const MOST_BYTES = 1_048_576;

/** A valid configuration. */
export interface ReadConfiguration {
  configuration: Configuration;
  /** Warnings about allowed but insecure settings, as sentences. */
  warnings: string[];
  /** Returns the position of the key that a sentence begins with, such as `tokens[0].output: …`. */
  position(sentence: string): Position | undefined;
}

/** Every error in a configuration file: one sentence each, which names the key, such as `tokens[0].source.scope`. */
export class ConfigurationFailure extends Error {
  override readonly name = 'ConfigurationFailure';
  readonly faults: readonly string[];

  constructor(file: string, faults: readonly string[]) {
    super(`${file}: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

/** The maximum number of errors that are listed. */
const MOST_FAULTS = 100;

/**
 * Reads a configuration file, YAML or JSON. It must be a regular file of at most 1 MiB.
 *
 * @param env the values of the variables that the file declares
 * @throws {ConfigurationFailure}
 */
export async function readConfiguration(file: string, env: NodeJS.ProcessEnv): Promise<ReadConfiguration> {
  try {
    const text = readYaml(await readBounded(file, MOST_BYTES));
    const types = tokenTypes(text.value);
    // If the file has an unknown type, or a variable as a type, check it against all source types.
    await loadSourceKinds(types.length > 0 && types.every((type) => sourceTypes.includes(type)) ? types : sourceTypes);
    return validated(text, file, env);
  } catch (error) {
    if (error instanceof Unreadable) throw new ConfigurationFailure(file, [`the file ${error.message}`]);
    throw error;
  }
}

/**
 * Parses the text of a configuration file, with the source types that are loaded.
 *
 * @param file the path of the file
 * @throws {ConfigurationFailure}
 */
export function parseConfiguration(text: string, file: string, env: NodeJS.ProcessEnv): ReadConfiguration {
  return validated(readYaml(text), file, env);
}

function validated(
  { value: raw, faults: ofText, position }: YamlText,
  file: string,
  env: NodeJS.ProcessEnv,
): ReadConfiguration {
  if (raw === undefined) throw new ConfigurationFailure(file, sentences(ofText, position));
  if (raw === null)
    throw new ConfigurationFailure(file, ['the file is empty; tokenrelay init writes a first configuration']);
  const { value, faults: ofVariables } = replaceVariables(raw, env);
  const read = readBySchema(configurationSchema(), value);
  // A value with an unset variable cannot be checked against the schema.
  const unsettled = new Set(ofVariables.map(({ path }) => written(path)));
  const ofSchema = read.faults.filter(({ path }) => !unsettled.has(written(path)));
  const faults = [...ofText, ...ofVariables, ...ofSchema, ...crossChecks(value, file)];
  if (faults.length > 0 || read.value === undefined) throw new ConfigurationFailure(file, sentences(faults, position));
  return {
    configuration: read.value,
    warnings: inlineSecrets(value).map((path) => `${written(path)} ${INLINE}`),
    position: (subject) => {
      const path = pathOf(raw, subject);
      return path && position(path);
    },
  };
}

/** Returns the path that a sentence begins with, or undefined if it does not begin with one. */
function pathOf(value: unknown, sentence: string, path: Path = []): Path | undefined {
  const here = written(path);
  if (path.length > 0 && (sentence.startsWith(`${here}:`) || sentence.startsWith(`${here} `))) return path;
  if (typeof value !== 'object' || value === null || !sentence.startsWith(here)) return undefined;
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const step of steps) {
    const found = pathOf(valueAt(value, [step]), sentence, [...path, step]);
    if (found) return found;
  }
  return undefined;
}

/** Returns a sentence for each error, in the order of the file. */
function sentences(faults: readonly Fault[], position: YamlText['position']): string[] {
  const shown = faults
    .slice(0, MOST_FAULTS)
    .map((fault) => ({ ...fault, ...position(fault.path, fault.of) }))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ path, problem, line, column }) => {
      const subject = path.length === 0 ? 'the file' : written(path);
      return `${subject} ${problem} (line ${line}, column ${column})`;
    });
  const more = faults.length - MOST_FAULTS;
  return [...new Set(shown), ...(more > 0 ? [`there are ${more} more errors`] : [])];
}

const INLINE = 'contains a secret in plain text: store it in a separate file that only the agent can read';

function inlineSecrets(value: unknown): Path[] {
  return locatedSecrets(configurationSchema(), value).flatMap(({ path, reference }) =>
    'insecure_inline' in reference ? [path] : [],
  );
}

function tokenTypes(value: unknown): SourceType[] {
  return listAt(value, ['tokens']).map(({ path }) => textAt(value, [...path, 'type']) as SourceType);
}
