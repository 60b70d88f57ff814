import type { Fault, Path } from './fault.ts';
import { type Dialect, readDocuments, type YamlDocuments } from './yaml-documents.ts';
import { Refused } from './yaml-tokens.ts';

/** Tags of the core schema (YAML 1.2.2, 10.3), which has the types of JSON. The parser knows more, such as !!binary. */
const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** YAML 1.2 without merge keys and custom tags: enough for a thousand tokens, too few values for an alias bomb. */
const SETTINGS: Dialect = {
  maxDepth: 32,
  maxValues: 100_000,
  mergeKeys: false,
  scalar({ value, tag, range }) {
    if (tag !== undefined) requireCoreTag(tag, range?.[0]);
    // The parser leaves a value that does not fit its tag, such as !!int x, as text.
    if (tag !== undefined && !tag.endsWith(':str') && typeof value === 'string') refuseTag(range?.[0]);
    return value;
  },
  key({ source = '', tag, range }) {
    if (tag !== undefined) throw new Refused('has a key that is not text', range?.[0] ?? 0);
    if (source === '__proto__') throw new Refused('has the key __proto__, which is not allowed', range?.[0] ?? 0);
    return source;
  },
  collection: requireCoreTag,
};

function requireCoreTag(tag: string, offset?: number): void {
  if (!CORE_TAG.test(tag)) refuseTag(offset);
}

function refuseTag(offset = 0): never {
  throw new Refused('has a tag that is not supported', offset);
}

/** The parsed value of a file, and the positions of its parts. */
export interface YamlText {
  value: unknown;
  faults: Fault[];
  /** The position of the value or key at a path. If the path does not exist, the position of its nearest parent. */
  position(path: Path, of?: 'key' | 'value'): Position;
}

/** Line and column, from 1. */
export interface Position {
  line: number;
  column: number;
}

/**
 * Parses YAML 1.2, which includes JSON. The text must be one document without duplicate keys, merge keys and custom
 * tags, and its size with aliases resolved is limited.
 */
export function readYaml(text: string): YamlText {
  try {
    const read = readDocuments(text, SETTINGS);
    const [document, second] = read.documents;
    if (second) throw new Refused('has a second document; only one is allowed', second.start);
    if (document && document.version !== '1.2') throw new Refused('must be YAML 1.2; remove its %YAML line', 0);
    const value = document?.value ?? null;
    return {
      value,
      faults: read.duplicates.map(({ path }) => ({ path, problem: 'is a duplicate key' })),
      position: (path, of = 'value') => positionAt(read, offsetOf(read, value, path, of)),
    };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const before = text.slice(0, error.offset).split('\n');
    const position = { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
    return { value: undefined, faults: [{ path: [], problem: error.message }], position: () => position };
  }
}

function positionAt({ lines }: YamlDocuments, offset: number): Position {
  const { line, col: column } = lines.linePos(offset);
  return { line, column };
}

/** Returns the offset of the value or key at a path, or of the nearest parent if the path does not exist. */
function offsetOf({ rangeOf }: YamlDocuments, value: unknown, path: Path, of: 'key' | 'value'): number {
  let inner = value;
  let offset = typeof value === 'object' && value !== null ? (rangeOf(value)?.start ?? 0) : 0;
  for (const step of path) {
    if (typeof inner !== 'object' || inner === null || !Object.hasOwn(inner, step)) return offset;
    const range = rangeOf(inner, step);
    offset = (of === 'key' ? range?.start : range?.valueStart) ?? offset;
    inner = (inner as Record<string | number, unknown>)[step];
  }
  return offset;
}
