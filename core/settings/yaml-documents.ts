import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { isMapping, type Path } from './fault.ts';
import { Refused, tokensOf } from './yaml-tokens.ts';

/** A range of the text in characters, end exclusive. */
export interface Range {
  start: number;
  end: number;
}

/** How a kind of file is read. */
export interface Dialect {
  /** Maximum nesting, including the values of aliases. */
  maxDepth: number;
  /** Maximum number of values. Values that aliases repeat are counted each time. */
  maxValues: number;
  /**
   * Whether a plain `<<` merges mappings. Readers differ in what a merge does to keys above it, so a merge that sets one
   * of them is refused.
   */
  mergeKeys: boolean;
  /** Returns the value of a scalar. @throws {Refused} */
  scalar(node: Scalar): unknown;
  /** Returns the text of a key. @throws {Refused} */
  key(node: Scalar): string;
  /** Checks the tag of a mapping or list. @throws {Refused} */
  collection(tag: string, offset: number): void;
  /** Returns the key that represents a tag, as `Fn::Sub` represents `!Sub`: the value becomes `{ "Fn::Sub": value }`. */
  keyOfTag?(tag: string): string | undefined;
}

/** The documents of a text, and the positions of their parts. */
export interface YamlDocuments {
  documents: (Range & { value: unknown; version: string })[];
  /** Duplicate keys. The last value is used. */
  duplicates: { path: Path; offset: number }[];
  lines: LineCounter;
  /** Returns the range of a mapping or list, or that of its `key` with the value, and where that value starts. */
  rangeOf(container: object, key?: string | number): (Range & { valueStart: number }) | undefined;
}

/** Messages by the parser's error code. The parser's own messages may quote the file. */
const PROBLEMS: Record<string, string> = {
  BAD_INDENT: 'is indented wrongly',
  TAB_AS_INDENT: 'is indented with tabs; YAML allows only spaces',
  MISSING_CHAR: 'lacks a closing quote, bracket or comma',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
  BAD_ALIAS: 'has an invalid alias',
  BLOCK_AS_IMPLICIT_KEY: 'has a mapping where none is allowed; is a quote missing, or is the indentation wrong?',
  MULTILINE_IMPLICIT_KEY: 'has a key that spans several lines; is a colon or a quote missing?',
};

/**
 * Reads the documents of a YAML text, in time linear in its size. JSON is YAML, too.
 *
 * @param again returns another dialect in which to read a document, given its value in the first dialect
 * @throws {Refused}
 */
export function readDocuments(
  text: string,
  dialect: Dialect,
  again?: (value: unknown) => Dialect | undefined,
): YamlDocuments {
  const lines = new LineCounter();
  const state: State = { ranges: new WeakMap(), duplicates: [], left: dialect.maxValues };
  const documents: YamlDocuments['documents'] = [];
  let end = 0;
  // The library's own detection of duplicate keys takes quadratic time.
  const options = { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
  try {
    for (const document of new Composer(options).compose(tokensOf(text, dialect.maxDepth, lines))) {
      const [error] = document.errors;
      if (error) throw new Refused(PROBLEMS[error.code] ?? 'is not valid YAML', error.pos[0]);
      if (Object.keys(document.directives.tags).some((handle) => handle !== '!!')) {
        throw new Refused('has a %TAG line, which is not supported', end);
      }
      // kubectl ignores such a document. Other readers do not.
      if (documents.length > 0 && !document.directives.docStart) {
        throw new Refused('has a document without --- before it', document.range[0]);
      }
      let value = new Reading(dialect, state).value(document.contents, 0);
      const other = again?.(value);
      if (other) value = new Reading(other, { ...state, duplicates: [] }).value(document.contents, 0);
      documents.push({ value, version: document.directives.yaml.version, start: end, end: document.range[2] });
      end = document.range[2];
    }
  } catch (error) {
    if (error instanceof RangeError) throw new Refused('is nested too deeply', end);
    throw error;
  }
  return {
    documents,
    duplicates: state.duplicates,
    lines,
    rangeOf: (container, key) => {
      const known = state.ranges.get(container);
      return known?.get(key) ?? known?.get(undefined);
    },
  };
}

type Node = Document.Parsed['contents'];

interface State {
  ranges: WeakMap<object, Map<string | number | undefined, Range & { valueStart: number }>>;
  duplicates: YamlDocuments['duplicates'];
  left: number;
}

/** A path from the inside out. */
interface Step {
  step: string | number;
  outer: Step | undefined;
}

interface Anchored {
  value: unknown;
  /** The number of values in it, including itself. */
  size: number;
  depth: number;
}

/** Converts one document to plain values. Anchors are local to a document. */
class Reading {
  readonly #dialect: Dialect;
  readonly #state: State;
  /** Undefined while the node of the anchor is being read. */
  readonly #anchors = new Map<string, Anchored | undefined>();
  /** The deepest level reached so far, including the values of aliases. */
  #deepest = 0;

  constructor(dialect: Dialect, state: State) {
    this.#dialect = dialect;
    this.#state = state;
  }

  value(node: Node, depth: number, at?: Step): unknown {
    const before = this.#state.left;
    const deepest = this.#deepest;
    this.#deepest = depth;
    this.#spend(1, node);
    if (depth > this.#dialect.maxDepth) throw new Refused('is nested too deeply', offsetOf(node));
    const anchor = node !== null && 'anchor' in node ? node.anchor : undefined;
    if (anchor) this.#anchors.set(anchor, undefined);
    const value = this.#tagged(node, depth, at);
    // A node inside may have defined the anchor again, which then applies to what follows.
    if (anchor && this.#anchors.get(anchor) === undefined) {
      this.#anchors.set(anchor, { value, size: before - this.#state.left, depth: this.#deepest - depth });
    }
    this.#deepest = Math.max(this.#deepest, deepest);
    return value;
  }

  #spend(values: number, node: Node): void {
    this.#state.left -= values;
    if (this.#state.left < 0) throw new Refused('is too large with its aliases resolved', offsetOf(node));
  }

  #tagged(node: Node, depth: number, at: Step | undefined): unknown {
    if (isAlias(node)) return this.#alias(node.source, node, depth);
    const tag = node !== null && 'tag' in node ? node.tag : undefined;
    if (tag && !isScalar(node)) this.#dialect.collection(tag, offsetOf(node));
    const plain = this.#plain(node, depth, at);
    const key = tag && this.#dialect.keyOfTag?.(tag);
    if (!key || !node?.range) return plain;
    const wrapped = record();
    wrapped[key] = plain;
    this.#noteRange(wrapped, undefined, node.range);
    return wrapped;
  }

  #plain(node: Node, depth: number, at: Step | undefined): unknown {
    if (isScalar(node)) return this.#dialect.scalar(node);
    const plain = isMap(node) ? this.#map(node, depth, at) : isSeq(node) ? this.#list(node.items, depth, at) : null;
    if (plain && node?.range) this.#noteRange(plain, undefined, node.range);
    return plain;
  }

  #alias(name: string, node: Node, depth: number): unknown {
    const target = this.#anchors.get(name);
    // The anchor is missing, comes later, or contains the alias.
    if (target === undefined) throw new Refused('has an alias without an anchor before it', offsetOf(node));
    this.#spend(target.size, node);
    this.#deepest = Math.max(this.#deepest, depth + target.depth);
    if (this.#deepest > this.#dialect.maxDepth) throw new Refused('is nested too deeply', offsetOf(node));
    return target.value;
  }

  #list(items: readonly unknown[], depth: number, outer: Step | undefined): unknown[] {
    const list: unknown[] = [];
    for (const [index, item] of items.entries()) {
      list.push(this.value(item as Node, depth + 1, { step: index, outer }));
      const range = (item as Node)?.range;
      if (range) this.#noteRange(list, index, range);
    }
    return list;
  }

  #map(node: YAMLMap, depth: number, outer: Step | undefined): Record<string, unknown> {
    const map = record();
    const own = new Set<string>();
    for (const { key, value: inner } of node.items as Pair<Node, Node>[]) {
      if (!isScalar(key)) throw new Refused('has a key that is not text', offsetOf(key ?? inner));
      const isMerge = this.#dialect.mergeKeys && isMergeKey(key);
      const name = isMerge ? '<<' : this.#dialect.key(key);
      const at = { step: name, outer };
      const value = this.value(inner, depth + 1, at);
      if (own.has(name)) this.#state.duplicates.push({ path: pathOf(at), offset: offsetOf(key) });
      own.add(name);
      if (isMerge) {
        merge(map, value, own, offsetOf(key));
        continue;
      }
      map[name] = value;
      const [start] = key.range ?? [0];
      const end = inner?.range?.[1] ?? key.range?.[1] ?? start;
      this.#noteRange(map, name, [start, end], inner?.range?.[0]);
    }
    return map;
  }

  #noteRange(
    container: object,
    key: string | number | undefined,
    [start, end]: readonly [number, number, ...number[]],
    valueStart = start,
  ) {
    const known = this.#state.ranges.get(container) ?? new Map();
    known.set(key, { start, end, valueStart });
    this.#state.ranges.set(container, known);
  }
}

function isMergeKey(key: Scalar): boolean {
  const isPlain = key.type === 'PLAIN' && key.tag === undefined;
  return key.source === '<<' && (isPlain || key.tag === 'tag:yaml.org,2002:merge');
}

/** Adds the keys of merged mappings. In a list, the first mapping takes precedence. */
function merge(map: Record<string, unknown>, value: unknown, own: ReadonlySet<string>, offset: number): void {
  const merged = isMapping(value) ? [value] : Array.isArray(value) ? value.toReversed() : [undefined];
  for (const each of merged) {
    if (!isMapping(each)) throw new Refused('has a merge key (<<) whose value is not a mapping', offset);
    for (const key of Object.keys(each)) {
      if (own.has(key)) throw new Refused('has a merge key (<<) below a key that it sets, too', offset);
      map[key] = each[key];
    }
  }
}

// The mapping has no prototype, so `__proto__` is an ordinary key.
function record(): Record<string, unknown> {
  return Object.create(null);
}

function pathOf(at: Step): Path {
  const path: (string | number)[] = [];
  for (let step: Step | undefined = at; step; step = step.outer) path.unshift(step.step);
  return path;
}

function offsetOf(node: Node): number {
  return node?.range?.[0] ?? 0;
}
