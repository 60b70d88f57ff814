import { isMapping, type Path, valueAt } from '@tvm/core/settings/fault.ts';

/** A part of a file, and its path in the file. */
export interface Part {
  item: unknown;
  path: Path;
}

/** Returns the elements of the list at a path, or none if there is no list. */
export function listAt(value: unknown, path: Path): Part[] {
  const list = valueAt(value, path);
  return Array.isArray(list) ? list.map((item, index) => ({ item, path: [...path, index] })) : [];
}

/** Returns the elements of the list at a path. A single mapping counts as a list of one. */
export function oneOrMoreAt(value: unknown, path: Path): Part[] {
  const item = valueAt(value, path);
  return isMapping(item) ? [{ item, path }] : listAt(value, path);
}

/** Returns the text at a path, if there is one. */
export function textAt(value: unknown, path: Path): string | undefined {
  const text = valueAt(value, path);
  return typeof text === 'string' ? text : undefined;
}

/** Returns the names of the tokens, with their paths. Skips tokens without a name. */
export function tokenNames(value: unknown): { name: string; path: Path }[] {
  return listAt(value, ['tokens']).flatMap(({ path }) => {
    const name = textAt(value, [...path, 'name']);
    return name === undefined ? [] : [{ name, path: [...path, 'name'] }];
  });
}
