import { isMap, isScalar, type Pair, parseDocument } from 'yaml';
import type { Unit } from '../model/check.ts';
import type { SourceFile } from '../model/finding.ts';

/** An entry of a mapping, and its range with the comment lines directly above it. */
export interface Entry {
  path: string[];
  /** The offset of its key. */
  offset: number;
  unit: Unit;
}

/**
 * Returns the entries of a data file of a policy directory: those of its top-level mapping and, in `windows.yaml`, those of
 * the mapping `windows`. A file that is not YAML has no entries.
 */
export function entriesOf({ text }: SourceFile): Entry[] {
  const { contents, errors } = parseDocument(text, { prettyErrors: false, logLevel: 'silent' });
  if (errors.length > 0 || !isMap(contents)) return [];
  return contents.items.flatMap((pair) => {
    const inner =
      isScalar(pair.key) && pair.key.value === 'windows' && isMap(pair.value) ? pair.value.items : undefined;
    return inner === undefined ? entry(text, pair, []) : inner.flatMap((window) => entry(text, window, ['windows']));
  });
}

function entry(text: string, { key, value }: Pair, above: readonly string[]): Entry[] {
  if (!isScalar(key) || !key.range) return [];
  const [offset, , keyEnd] = key.range;
  const range = typeof value === 'object' && value !== null && 'range' in value ? value.range : undefined;
  const end = (range as [number, number, number] | null | undefined)?.[2] ?? keyEnd;
  return [{ path: [...above, String(key.value)], offset, unit: { start: withCommentsAbove(text, offset), end } }];
}

function withCommentsAbove(text: string, offset: number): number {
  let start = text.lastIndexOf('\n', offset - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf('\n', start - 2) + 1;
    if (start === 0 || !/^[ \t]*#/.test(text.slice(above, start))) return start;
    start = above;
  }
}
