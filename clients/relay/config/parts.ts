import { isMapping, type Place, valueAt } from '@tvm/core/settings/fault.ts';

/** A part of a file, and where it stands. */
export interface Part {
  item: unknown;
  place: Place;
}

/** The elements of a list; none where there is no list. */
export function listAt(value: unknown, place: Place): Part[] {
  const list = valueAt(value, place);
  return Array.isArray(list) ? list.map((item, index) => ({ item, place: [...place, index] })) : [];
}

/** The same, where a single mapping may stand for a list of one. */
export function oneOrMoreAt(value: unknown, place: Place): Part[] {
  const item = valueAt(value, place);
  return isMapping(item) ? [{ item, place }] : listAt(value, place);
}

/** The text at a place, if there is one. */
export function textAt(value: unknown, place: Place): string | undefined {
  const text = valueAt(value, place);
  return typeof text === 'string' ? text : undefined;
}

/** The names of the tokens, as far as they have any. */
export function tokenNames(value: unknown): { name: string; place: Place }[] {
  return listAt(value, ['tokens']).flatMap(({ place }) => {
    const name = textAt(value, [...place, 'name']);
    return name === undefined ? [] : [{ name, place: [...place, 'name'] }];
  });
}
