import { isMap, isScalar, type Pair, parseDocument } from 'yaml';
import type { Unit } from '../model/check.ts';
import type { SourceFile } from '../model/finding.ts';

/** An entry of a mapping: where it stands, with the comment lines directly above it. */
export interface Entry {
  path: string[];
  /** Where its key stands. */
  offset: number;
  unit: Unit;
}

/**
 * The entries of a YAML file of policies, by their names: those of the mapping that the file is, and, in `windows.yaml`,
 * of the mapping `windows` in it. Of a file that is no YAML, none.
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
