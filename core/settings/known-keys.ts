import * as z from 'zod';
import { type Path, written } from './fault.ts';
import { nearestName } from './nearest-name.ts';
import { bare, visitSettings } from './visit-settings.ts';

/** The keys and secrets that are allowed at each path of one file. */
export interface KnownKeys {
  /** The known keys of the mapping at a path. */
  at(path: Path): string[];
  /** Reports whether the value at a path is a reference to a secret. */
  isSecret(path: Path): boolean;
  /**
   * Guesses which known key was meant by an unknown key.
   *
   * @param value the value of the unknown key
   */
  meant(path: Path, key: string, value: unknown): string | undefined;
}

/**
 * Collects the known keys for a value, valid or not, from its schema.
 *
 * @param isSecret reports whether a schema describes a reference to a secret
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
    const here = written(visited.path);
    if (isSecret(visited.schema)) secrets.add(here);
    if (!(visited.schema instanceof z.ZodObject)) return;
    const names = Object.entries<z.core.$ZodType>(visited.schema.shape).flatMap(([name, member]) =>
      bare(member) instanceof z.ZodNever ? [] : [name],
    );
    keys.set(here, new Set([...(keys.get(here) ?? []), ...names]));
    const references = names.filter((name) => names.includes(`${name}_path`));
    secretNames.set(here, new Set([...(secretNames.get(here) ?? []), ...references]));
  });
  const at = (path: Path) => [...(keys.get(written(path)) ?? [])];
  return {
    at,
    isSecret: (path) => secrets.has(written(path)),
    meant(path, key, value) {
      const near = nearestName(key, at(path));
      if (near === undefined) return undefined;
      // A string cannot be a reference to a secret, so the key for the path of a file was meant.
      const reference = secretNames.get(written(path))?.has(near) && typeof value === 'string';
      return reference ? `${near}_path` : near;
    },
  };
}
