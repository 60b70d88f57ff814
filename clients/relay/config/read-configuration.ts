import { type Fault, type Place, valueAt, written } from '@tvm/core/settings/fault.ts';
import { type Position, readYaml, type YamlText } from '@tvm/core/settings/yaml-text.ts';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import { loadSourceKinds, type SourceType, sourceTypes } from '../sources/kinds.ts';
import { type Configuration, configurationSchema } from './configuration.ts';
import { crossChecks } from './cross-checks.ts';
import { listAt, textAt } from './parts.ts';
import { readBySchema } from './schema-faults.ts';
import { secretPlaces } from './secret-places.ts';
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
  const unsettled = new Set(ofVariables.map(({ place }) => written(place)));
  const ofSchema = read.faults.filter(({ place }) => !unsettled.has(written(place)));
  const faults = [...ofText, ...ofVariables, ...ofSchema, ...crossChecks(value, file)];
  if (faults.length > 0 || read.value === undefined) throw new ConfigurationFailure(file, sentences(faults, position));
  return {
    configuration: read.value,
    warnings: inlineSecrets(value).map((place) => `${written(place)} ${INLINE}`),
    position: (subject) => {
      const place = placeOf(raw, subject);
      return place && position(place);
    },
  };
}

/** Returns the path that a sentence begins with, or undefined if it does not begin with one. */
function placeOf(value: unknown, sentence: string, place: Place = []): Place | undefined {
  const here = written(place);
  if (place.length > 0 && (sentence.startsWith(`${here}:`) || sentence.startsWith(`${here} `))) return place;
  if (typeof value !== 'object' || value === null || !sentence.startsWith(here)) return undefined;
  const steps = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const step of steps) {
    const found = placeOf(valueAt(value, [step]), sentence, [...place, step]);
    if (found) return found;
  }
  return undefined;
}

/** Returns a sentence for each error, in the order of the file. */
function sentences(faults: readonly Fault[], position: YamlText['position']): string[] {
  const shown = faults
    .slice(0, MOST_FAULTS)
    .map((fault) => ({ ...fault, ...position(fault.place, fault.of) }))
    .toSorted((a, b) => a.line - b.line || a.column - b.column)
    .map(({ place, problem, line, column }) => {
      const subject = place.length === 0 ? 'the file' : written(place);
      return `${subject} ${problem} (line ${line}, column ${column})`;
    });
  const more = faults.length - MOST_FAULTS;
  return [...new Set(shown), ...(more > 0 ? [`there are ${more} more errors`] : [])];
}

const INLINE = 'contains a secret in plain text: store it in a separate file that only the agent can read';

function inlineSecrets(value: unknown): Place[] {
  return secretPlaces(configurationSchema(), value).flatMap(({ place, reference }) =>
    'insecure_inline' in reference ? [place] : [],
  );
}

function tokenTypes(value: unknown): SourceType[] {
  return listAt(value, ['tokens']).map(({ place }) => textAt(value, [...place, 'type']) as SourceType);
}
