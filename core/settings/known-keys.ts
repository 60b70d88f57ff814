import * as z from 'zod';
import { type Place, written } from './fault.ts';
import { nearestName } from './nearest-name.ts';
import { bare, visitSettings } from './visit-settings.ts';

/** What may stand at the places of one file. */
export interface KnownKeys {
  /** The keys of the mapping at a place. */
  at(place: Place): string[];
  /** Whether a reference to a secret belongs at a place. */
  isSecret(place: Place): boolean;
  /**
   * The key at a place that was meant by one that is not known there.
   *
   * @param value what it holds
   */
  meant(place: Place, key: string, value: unknown): string | undefined;
}

/**
 * Looks at a value, right or wrong, along its schema.
 *
 * @param isSecret whether a reference to a secret belongs where a schema holds
 */
export function knownKeys(
  schema: z.core.$ZodType,
  value: unknown,
  isSecret: (schema: z.core.$ZodType) => boolean,
): KnownKeys {
  const keys = new Map<string, Set<string>>();
  const secrets = new Set<string>();
  const secretNames = new Map<string, Set<string>>();
  visitSettings(schema, value, (visited) => {
    const here = written(visited.place);
    if (isSecret(visited.schema)) secrets.add(here);
    if (!(visited.schema instanceof z.ZodObject)) return;
    const names = Object.entries<z.core.$ZodType>(visited.schema.shape).flatMap(([name, member]) =>
      bare(member) instanceof z.ZodNever ? [] : [name],
    );
    keys.set(here, new Set([...(keys.get(here) ?? []), ...names]));
    const references = names.filter((name) => names.includes(`${name}_path`));
    secretNames.set(here, new Set([...(secretNames.get(here) ?? []), ...references]));
  });
  const at = (place: Place) => [...(keys.get(written(place)) ?? [])];
  return {
    at,
    isSecret: (place) => secrets.has(written(place)),
    meant(place, key, value) {
      const near = nearestName(key, at(place));
      if (near === undefined) return undefined;
      // A text cannot be a reference to a secret: it is the file’s path that was meant.
      const reference = secretNames.get(written(place))?.has(near) && typeof value === 'string';
      return reference ? `${near}_path` : near;
    },
  };
}
