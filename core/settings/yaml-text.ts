import type { Fault, Path } from '@tvm/core/settings/fault.ts';
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
} from 'yaml';

/** Maximum number of values with aliases resolved: enough for a thousand tokens, too few for an alias bomb. */
const MAX_VALUES = 100_000;
const MAX_DEPTH = 32;

/** Tags of the core schema (YAML 1.2.2, 10.3), which has the types of JSON. The parser knows more, such as !!binary. */
const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** Messages by the parser's error code. The parser's own messages may quote the file. */
const PROBLEMS: Record<string, string> = {
  BAD_INDENT: 'is indented wrongly',
  TAB_AS_INDENT: 'is indented with tabs; YAML allows only spaces',
  MISSING_CHAR: 'lacks a closing quote, bracket or comma',
  MULTIPLE_DOCS: 'has a second document; only one is allowed',
  NON_STRING_KEY: 'has a key that is not text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  BAD_ALIAS: 'has an invalid alias',
  BLOCK_AS_IMPLICIT_KEY: 'has a mapping where none is allowed; is a quote missing, or is the indentation wrong?',
  MULTILINE_IMPLICIT_KEY: 'has a key that spans several lines; is a colon or a quote missing?',
};

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
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const failed = (problem: string, offset = 0): YamlText => ({
    value: undefined,
    faults: [{ path: [], problem }],
    position: () => at(offset),
  });
  let document: Document.Parsed;
  try {
    // The parser's own check for duplicate keys takes quadratic time.
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false });
  } catch (error) {
    if (error instanceof RangeError) return failed('is nested too deeply');
    throw error;
  }
  const [error] = document.errors;
  if (error) return failed(PROBLEMS[error.code] ?? 'is not valid YAML', error.pos[0]);
  const [warning] = document.warnings;
  if (warning) return failed('has a tag that is not supported', warning.pos[0]);
  if (document.directives.yaml.version !== '1.2') return failed('must be YAML 1.2; remove its %YAML line');
  const reader = new Reader();
  const pairs = new Pairs();
  const value = reader.read(document.contents, []);
  if (reader.problem) return failed(reader.problem.sentence, reader.problem.offset);
  return {
    value,
    faults: reader.duplicates,
    position: (path, of = 'value') => at(offsetOf(document.contents, path, of, pairs)),
  };
}

/** Converts nodes to plain values. */
class Reader {
  readonly duplicates: Fault[] = [];
  problem: { sentence: string; offset: number } | undefined;
  readonly #anchors = new Map<string, Node>();
  #values = 0;

  read(node: Node | null, path: Path): unknown {
    if (node === null || this.problem) return null;
    this.#values += 1;
    if (this.#values > MAX_VALUES) return this.#fail('is too large with its aliases resolved', node);
    if (path.length > MAX_DEPTH) return this.#fail('is nested too deeply', node);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      return target ? this.read(target, path) : this.#fail('has an alias without an anchor before it', node);
    }
    if (node.tag && !CORE_TAG.test(node.tag)) return this.#fail('has a tag that is not supported', node);
    if (node.anchor) this.#anchors.set(node.anchor, node);
    if (isSeq<Node>(node)) return node.items.map((item, index) => this.read(item, [...path, index]));
    if (isMap<Node, Node | null>(node)) return this.#readMapping(node.items, path);
    return isScalar(node) ? node.value : null;
  }

  #readMapping(pairs: readonly Pair<Node, Node | null>[], path: Path): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of pairs) {
      if (!isScalar(key) || typeof key.value !== 'string') return this.#fail('has a key that is not text', key);
      // Assigning __proto__ would set the prototype instead of a property.
      if (key.value === '__proto__') return this.#fail('has the key __proto__, which is not allowed', key);
      const inner = [...path, key.value];
      if (entries.has(key.value)) this.duplicates.push({ path: inner, problem: 'is a duplicate key' });
      entries.set(key.value, this.read(value, inner));
    }
    return Object.fromEntries(entries);
  }

  #fail(sentence: string, node: Node): null {
    this.problem ??= { sentence, offset: node.range?.[0] ?? 0 };
    return null;
  }
}

/** Finds the pair of a mapping by its key in constant time. */
class Pairs {
  readonly #found = new WeakMap<object, Map<unknown, Pair<Node, Node | null>>>();

  in(mapping: YAMLMap<Node, Node | null>, key: string): Pair<Node, Node | null> | undefined {
    const known =
      this.#found.get(mapping) ?? new Map(mapping.items.map((pair) => [isScalar(pair.key) && pair.key.value, pair]));
    this.#found.set(mapping, known);
    return known.get(key);
  }
}

/** Offset of a path in the text, or of its nearest parent that exists. */
function offsetOf(contents: Node | null, path: Path, of: 'key' | 'value', pairs: Pairs): number {
  let node = contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of path) {
    let key: Node | undefined;
    if (isSeq<Node>(node) && typeof step === 'number') node = node.items[step] ?? null;
    else if (isMap<Node, Node | null>(node) && typeof step === 'string') {
      const pair = pairs.in(node, step);
      key = pair?.key;
      node = pair?.value ?? null;
    } else return offset;
    const found = (of === 'key' ? key : undefined) ?? node ?? key;
    if (!found) return offset;
    offset = found.range?.[0] ?? offset;
  }
  return offset;
}
