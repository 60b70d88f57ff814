import type { Fault, Place } from '@tvm/core/settings/fault.ts';
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

/** Values that a file may hold once its aliases are followed: enough for a thousand tokens, too few for a bomb. */
const MOST_VALUES = 100_000;
const DEEPEST = 32;

/** The tags of what JSON has, too (YAML 1.2.2, 10.3). The parser knows more of them, such as !!binary. */
const CORE_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/** What went wrong, by the parser's code. Its own messages may quote the file. */
const PROBLEMS: Record<string, string> = {
  BAD_INDENT: 'is indented wrongly',
  TAB_AS_INDENT: 'is indented by tabs: YAML takes spaces only',
  MISSING_CHAR: 'lacks a closing quote, bracket or comma',
  MULTIPLE_DOCS: 'holds a second document: a configuration is one',
  NON_STRING_KEY: 'has a key that is no text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  BAD_ALIAS: 'has an alias that is not written as one',
  BLOCK_AS_IMPLICIT_KEY:
    'has a key and a value where no mapping can begin: is a quote, or a line’s indentation, missing?',
  MULTILINE_IMPLICIT_KEY: 'has a key of several lines: is a colon or a quote missing?',
};

/** A file’s value, and where things stand in it. */
export interface YamlText {
  value: unknown;
  faults: Fault[];
  /** Where a place begins, or the nearest one around it; its key with `key`. */
  position(place: Place, of?: 'key' | 'value'): Position;
}

/** Counted from 1. */
export interface Position {
  line: number;
  column: number;
}

/**
 * Reads YAML 1.2, and so JSON: one document, without duplicate keys, merge keys or tags of its own, and of a bounded
 * size once its aliases are followed.
 */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const failed = (problem: string, offset = 0): YamlText => ({
    value: undefined,
    faults: [{ place: [], problem }],
    position: () => at(offset),
  });
  let document: Document.Parsed;
  try {
    // Its own search for duplicate keys takes the square of their number.
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false });
  } catch (error) {
    if (error instanceof RangeError) return failed('is nested too deeply');
    throw error;
  }
  const [error] = document.errors;
  if (error) return failed(PROBLEMS[error.code] ?? 'is not YAML: something stands where it cannot', error.pos[0]);
  const [warning] = document.warnings;
  if (warning) return failed('holds a tag that has no meaning here', warning.pos[0]);
  if (document.directives.yaml.version !== '1.2') return failed('must be YAML 1.2: leave its %YAML line out');
  const reader = new Reader();
  const pairs = new Pairs();
  const value = reader.read(document.contents, []);
  if (reader.problem) return failed(reader.problem.sentence, reader.problem.offset);
  return {
    value,
    faults: reader.duplicates,
    position: (place, of = 'value') => at(offsetOf(document.contents, place, of, pairs)),
  };
}

/** Turns nodes into plain values. */
class Reader {
  readonly duplicates: Fault[] = [];
  problem: { sentence: string; offset: number } | undefined;
  readonly #anchors = new Map<string, Node>();
  #values = 0;

  read(node: Node | null, place: Place): unknown {
    if (node === null || this.problem) return null;
    this.#values += 1;
    if (this.#values > MOST_VALUES) return this.#fail('is too large once its aliases are followed', node);
    if (place.length > DEEPEST) return this.#fail('is nested too deeply', node);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      return target ? this.read(target, place) : this.#fail('has an alias of nothing that stands before it', node);
    }
    if (node.tag && !CORE_TAG.test(node.tag)) return this.#fail('holds a tag that has no meaning here', node);
    if (node.anchor) this.#anchors.set(node.anchor, node);
    if (isSeq<Node>(node)) return node.items.map((item, index) => this.read(item, [...place, index]));
    if (isMap<Node, Node | null>(node)) return this.#readMapping(node.items, place);
    return isScalar(node) ? node.value : null;
  }

  #readMapping(pairs: readonly Pair<Node, Node | null>[], place: Place): unknown {
    const entries = new Map<string, unknown>();
    for (const { key, value } of pairs) {
      if (!isScalar(key) || typeof key.value !== 'string') return this.#fail('has a key that is no text', key);
      // JavaScript would lose it.
      if (key.value === '__proto__') return this.#fail('has the key __proto__, which is no name', key);
      const inner = [...place, key.value];
      if (entries.has(key.value)) this.duplicates.push({ place: inner, problem: 'is there twice' });
      entries.set(key.value, this.read(value, inner));
    }
    return Object.fromEntries(entries);
  }

  #fail(sentence: string, node: Node): null {
    this.problem ??= { sentence, offset: node.range?.[0] ?? 0 };
    return null;
  }
}

/** Finds the pair of a mapping by its key, in time that does not grow with the mapping. */
class Pairs {
  readonly #found = new WeakMap<object, Map<unknown, Pair<Node, Node | null>>>();

  in(mapping: YAMLMap<Node, Node | null>, key: string): Pair<Node, Node | null> | undefined {
    const known =
      this.#found.get(mapping) ?? new Map(mapping.items.map((pair) => [isScalar(pair.key) && pair.key.value, pair]));
    this.#found.set(mapping, known);
    return known.get(key);
  }
}

/** Where a place begins in the text, or the nearest place around it that is there. */
function offsetOf(contents: Node | null, place: Place, of: 'key' | 'value', pairs: Pairs): number {
  let node = contents;
  let offset = node?.range?.[0] ?? 0;
  for (const step of place) {
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
