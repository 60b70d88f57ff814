import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Pair, Parser, type YAMLMap } from 'yaml';
import { isMapping, type Mapping, mappings } from './values.ts';

/** Maximum nesting of a manifest: far more than any manifest has, but too little for a stack overflow. */
const MAX_DEPTH = 100;

/** Maximum number of values in a file. Values that aliases repeat are counted each time. */
const MAX_VALUES = 1_000_000;

/** Maximum number of YAML tokens in a file. Each value has several tokens, including spaces and line ends. */
const MAX_TOKENS = 1_500_000;

/** A range of the text in characters, end exclusive. */
export interface Range {
  start: number;
  end: number;
}

/** A document of a file as plain values. CloudFormation tags are expanded, as in `{ "Fn::Sub": … }`. */
export interface ManifestDocument extends Range {
  value: unknown;
}

/** The documents of a file, and the range of each value in its text. */
export interface Manifest {
  documents: ManifestDocument[];
  /** Returns the range of a mapping or list, or that of its `key` with the value if it has that key. */
  rangeOf(container: object, key?: string | number): Range | undefined;
}

/** Why a file is neither YAML nor JSON: a clause, and the offset of the error in characters. */
export interface Unreadable {
  problem: string;
  offset: number;
}

type Ranges = WeakMap<object, Map<string | number | undefined, Range>>;

/** Parses YAML. JSON is YAML, too. */
export function readManifest(text: string): Manifest | Unreadable {
  const ranges: Ranges = new WeakMap();
  const documents: ManifestDocument[] = [];
  const budget = { left: MAX_VALUES };
  let end = 0;
  try {
    refuseHostile(text);
    // Duplicate keys are detected below. The library's own detection takes quadratic time.
    const options = { prettyErrors: false, uniqueKeys: false, logLevel: 'silent' } as const;
    for (const document of new Composer(options).compose(new Parser().parse(text))) {
      const [error] = document.errors;
      if (error !== undefined) return { problem: sentence(error.message), offset: error.pos[0] };
      const range = { start: end, end: document.range[2] };
      end = range.end;
      documents.push({ value: new Reading(ranges, budget).value(document.contents, 0), ...range });
    }
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message, offset: error.offset };
    throw error;
  }
  return {
    documents,
    rangeOf: (container, key) => {
      const known = ranges.get(container);
      return known?.get(key) ?? known?.get(undefined);
    },
  };
}

/** Refuses, in linear time, a text that would take the parser too much time or memory. */
function refuseHostile(text: string): void {
  let tokens = 0;
  let depth = 0;
  let indicators = 0;
  let offset = 0;
  for (const token of new Lexer().lex(text)) {
    // The lexer adds these tokens. They are not in the text.
    if (token !== '\u0002' && token !== '\u0018' && token !== '\u001f') offset += token.length;
    if (token === '[' || token === '{') depth++;
    else if (token === ']' || token === '}') depth--;
    // `- - -` and `? ? ?` nest on one line.
    if (token === '-' || token === '?' || token === ':') indicators++;
    else if (token.trim() !== '' || token.includes('\n')) indicators = 0;
    if (Math.max(depth, indicators) > MAX_DEPTH)
      throw new Refused(`it is nested deeper than ${MAX_DEPTH} levels`, offset);
    if (++tokens > MAX_TOKENS) throw new Refused('it has too many values to check', offset);
  }
}

// The library's messages may quote the text, which may contain a secret.
function sentence(message: string): string {
  const plain = message.split(/[\n:"]/)[0]?.trim();
  return plain ? plain.charAt(0).toLowerCase() + plain.slice(1) : 'the syntax is wrong';
}

class Refused extends Error {
  readonly offset: number;

  constructor(problem: string, offset: number) {
    super(problem);
    this.offset = offset;
  }
}

interface Read {
  value: unknown;
  /** The number of values in it, including itself. */
  size: number;
}

type Node = Document.Parsed['contents'];

/** Converts one document to plain values. Anchors are local to a document. */
class Reading {
  readonly #ranges: Ranges;
  readonly #budget: { left: number };
  readonly #anchors = new Map<string, Read & { depth: number }>();
  /** The deepest level reached so far, including the values of aliases. */
  #deepest = 0;

  constructor(ranges: Ranges, budget: { left: number }) {
    this.#ranges = ranges;
    this.#budget = budget;
  }

  value(node: Node, depth: number): unknown {
    const before = this.#budget.left;
    const deepest = this.#deepest;
    this.#deepest = depth;
    this.#spend(1, node);
    if (depth > MAX_DEPTH) throw new Refused(`it is nested deeper than ${MAX_DEPTH} levels`, offsetOf(node));
    const value = this.#plain(node, depth);
    if (node !== null && 'anchor' in node && node.anchor) {
      this.#anchors.set(node.anchor, { value, size: before - this.#budget.left, depth: this.#deepest - depth });
    }
    this.#deepest = Math.max(this.#deepest, deepest);
    return value;
  }

  #spend(values: number, node: Node): void {
    this.#budget.left -= values;
    if (this.#budget.left < 0) {
      throw new Refused(`its aliases make it more than ${MAX_VALUES} values`, offsetOf(node));
    }
  }

  #plain(node: Node, depth: number): unknown {
    if (isAlias(node)) return this.#alias(node.source, node, depth);
    const plain = isMap(node) ? this.#map(node, depth) : isSeq(node) ? this.#list(node.items, depth) : scalar(node);
    if (typeof plain === 'object' && plain !== null && node?.range) this.#place(plain, undefined, node.range);
    const tag = node !== null && 'tag' in node ? intrinsicOf(node.tag) : undefined;
    if (tag === undefined || !node?.range) return plain;
    const tagged = record();
    tagged[tag] = plain;
    this.#place(tagged, undefined, node.range);
    return tagged;
  }

  #alias(name: string, node: Node, depth: number): unknown {
    const target = this.#anchors.get(name);
    // The anchor is missing, comes later, or contains the alias.
    if (target === undefined) throw new Refused('an alias has no anchor before it', offsetOf(node));
    this.#spend(target.size, node);
    this.#deepest = Math.max(this.#deepest, depth + target.depth);
    if (this.#deepest > MAX_DEPTH) throw new Refused(`it is nested deeper than ${MAX_DEPTH} levels`, offsetOf(node));
    return target.value;
  }

  #list(items: readonly unknown[], depth: number): unknown[] {
    const list: unknown[] = [];
    for (const [index, item] of items.entries()) {
      list.push(this.value(item as Node, depth + 1));
      const range = (item as Node)?.range;
      if (range) this.#place(list, index, range);
    }
    return list;
  }

  #map(node: YAMLMap, depth: number): Mapping {
    const map = record();
    const merged: Mapping[] = [];
    for (const pair of node.items as Pair<Node, Node>[]) {
      const key = keyOf(pair.key);
      if (key === undefined) throw new Refused('a key is not plain text', offsetOf(pair.key ?? pair.value));
      const value = this.value(pair.value, depth + 1);
      if (key === '<<' && isScalar(pair.key) && pair.key.type === 'PLAIN') {
        merged.push(...(isMapping(value) ? [value] : mappings(value)));
        continue;
      }
      // Parsers differ in which duplicate they use. The checked value must be the deployed one.
      if (Object.hasOwn(map, key)) throw new Refused('a mapping has a duplicate key', offsetOf(pair.key));
      map[key] = value;
      const [start] = pair.key?.range ?? [0];
      this.#place(map, key, [start, pair.value?.range?.[1] ?? pair.key?.range?.[1] ?? start]);
    }
    for (const defaults of merged) {
      for (const key of Object.keys(defaults)) if (!Object.hasOwn(map, key)) map[key] = defaults[key];
    }
    return map;
  }

  #place(container: object, key: string | number | undefined, [start, end]: readonly [number, number, ...number[]]) {
    const known = this.#ranges.get(container) ?? new Map();
    known.set(key, { start, end });
    this.#ranges.set(container, known);
  }
}

// The mapping has no prototype, so `__proto__` is an ordinary key.
function record(): Mapping {
  return Object.create(null);
}

function scalar(node: Node): unknown {
  return isScalar(node) ? node.value : null;
}

function keyOf(node: Node): string | undefined {
  if (!isScalar(node)) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

function offsetOf(node: Node): number {
  return node?.range?.[0] ?? 0;
}

/** Returns the function of a CloudFormation tag, `Fn::Sub` for `!Sub`, or `undefined` for YAML's own tags. */
function intrinsicOf(tag: string | undefined): string | undefined {
  const name = /^!(\w+)$/.exec(tag ?? '')?.[1];
  if (name === undefined) return undefined;
  return name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
}
