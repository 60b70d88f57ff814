import { isMapping, type Path } from '@tvm/core/settings/fault.ts';
import { type Visited, visitSettings } from '@tvm/core/settings/visit-settings.ts';
import type * as z from 'zod';
import { isSecretReference, type SecretReference } from '../settings/secret-reference.ts';

/** A reference to a secret, and its path in the file. */
export interface LocatedSecret {
  path: Path;
  reference: SecretReference;
}

const KINDS: (keyof SecretReference | string)[] = ['file', 'env', 'credential', 'token', 'insecure_inline'];

/** Returns every reference to a secret in a value, in both forms, even if the value has other errors. */
export function locatedSecrets(schema: z.core.$ZodType, value: unknown): LocatedSecret[] {
  const found = new Map<string, LocatedSecret>();
  const add = (path: Path, reference: SecretReference) => found.set(JSON.stringify(path), { path, reference });
  visitSettings(schema, value, (visited) => {
    if (isSecretReference(visited.schema) && isReference(visited.value)) add(visited.path, visited.value);
    for (const name of secretNames(visited)) {
      const file = (visited.value as Record<string, unknown>)[`${name}_path`];
      if (typeof file === 'string') add([...visited.path, `${name}_path`], { file });
    }
  });
  return [...found.values()];
}

/** Returns the names of the secrets that a mapping may contain as NAME or NAME_path. */
export function secretNames({ schema, value }: Visited): string[] {
  const { shape } = schema as { shape?: Record<string, z.core.$ZodType> };
  if (shape === undefined || !isMapping(value)) return [];
  return Object.keys(shape).filter((name) => {
    const member = shape[name] as z.core.$ZodType & { unwrap?: () => z.core.$ZodType };
    return isSecretReference(member.unwrap?.() ?? member) && Object.hasOwn(shape, `${name}_path`);
  });
}

function isReference(value: unknown): value is SecretReference {
  return isMapping(value) && KINDS.some((kind) => typeof value[kind] === 'string');
}
