import { isMapping, type Place, valueAt } from '@tvm/core/settings/fault.ts';

/** A part of a file, and its path in the file. */
export interface Part {
  item: unknown;
  place: Place;
}

/** Returns the elements of the list at a path, or none if there is no list. */
export function listAt(value: unknown, place: Place): Part[] {
  const list = valueAt(value, place);
  return Array.isArray(list) ? list.map((item, index) => ({ item, place: [...place, index] })) : [];
}

/** Returns the elements of the list at a path. A single mapping counts as a list of one. */
export function oneOrMoreAt(value: unknown, place: Place): Part[] {
  const item = valueAt(value, place);
  return isMapping(item) ? [{ item, place }] : listAt(value, place);
}

/** Returns the text at a path, if there is one. */
export function textAt(value: unknown, place: Place): string | undefined {
  const text = valueAt(value, place);
  return typeof text === 'string' ? text : undefined;
}

/** Returns the names of the tokens, with their paths. Skips tokens without a name. */
export function tokenNames(value: unknown): { name: string; place: Place }[] {
  return listAt(value, ['tokens']).flatMap(({ place }) => {
    const name = textAt(value, [...place, 'name']);
    return name === undefined ? [] : [{ name, place: [...place, 'name'] }];
  });
}
