import { type Dialect, type Range, readDocuments, type YamlDocuments } from '@tvm/core/settings/yaml-documents.ts';
import { Refused } from '@tvm/core/settings/yaml-tokens.ts';
import type { Scalar } from 'yaml';
import type { SourceFile } from './finding.ts';
import { isMapping } from './values.ts';

/** Tags with which libraries build other values than mappings and lists. kubectl ignores them. */
const OTHER_COLLECTIONS = /^tag:yaml\.org,2002:(?:omap|pairs|set)$/;

const CORE = 'tag:yaml.org,2002:';

/**
 * YAML as kubectl reads it: YAML 1.1 without base 60, where a tag that it does not know is ignored.
 *
 * @see https://pkg.go.dev/sigs.k8s.io/yaml/goyaml.v2
 */
const KUBECTL: Dialect = {
  // Far more than any manifest has, but too little for a stack overflow.
  maxDepth: 100,
  maxValues: 1_000_000,
  mergeKeys: true,
  scalar({ source = '', tag, type, range }) {
    if (tag === undefined && type !== 'PLAIN') return source;
    // In brackets, libyaml takes `?a` as the key `a`.
    if (source.startsWith('?') && type === 'PLAIN')
      throw new Refused('has a value that begins with ?', range?.[0] ?? 0);
    if (tag === undefined) return finite(resolve(source), range?.[0]);
    return tagged(tag, source, range?.[0]);
  },
  key(node) {
    const value = KUBECTL.scalar(node);
    if (value === null) throw new Refused('has a key that is not text', node.range?.[0] ?? 0);
    return String(value);
  },
  collection(tag, offset) {
    if (OTHER_COLLECTIONS.test(tag)) throw new Refused('has a set, or a list with a tag of a mapping', offset);
  },
};

/** YAML as CloudFormation reads it: local tags are functions, as in `!Sub`, and `y` is text. */
const CLOUDFORMATION: Dialect = {
  ...KUBECTL,
  scalar: (node) => (isLetter(node) ? node.source : KUBECTL.scalar(node)),
  // Keys of maps in templates may be account numbers, which may begin with a zero.
  key(node) {
    KUBECTL.key(node);
    return node.source ?? '';
  },
  keyOfTag(tag) {
    const name = /^!([^!]+)$/.exec(tag)?.[1];
    if (name === undefined) return undefined;
    return name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
  },
};

function isLocal(tag: string | undefined): boolean {
  return tag?.startsWith('!') === true;
}

function isLetter({ source = '', tag, type }: Scalar): boolean {
  return tag === undefined && type === 'PLAIN' && /^[yYnN]$/.test(source);
}

const WORDS = new Map<string, boolean | null>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
]);

/** Returns the value of a plain scalar. */
function resolve(text: string): string | number | boolean | null {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (/^[-+]?\.inf$|^\.nan$/i.test(text) && /\.(?:inf|Inf|INF|nan|NaN|NAN)$/.test(text)) return Number.NaN;
  if (/^\.\d+(?:e[-+]?\d+)?$/i.test(text)) return Number(text);
  if (!/^[-+]?\d/.test(text) && !/^[-+]\./.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const [, sign = '', digits = ''] = /^([-+]?)(0(?:x[\da-f]+|b[01]+|o?[0-7]+)|(?!0\d)\d+)$/i.exec(plain) ?? [];
  // Go takes a leading zero as octal. JavaScript would take it as decimal.
  if (digits !== '') return (sign === '-' ? -1 : 1) * Number(digits.replace(/^0(?=[0-7])/, '0o')) + 0;
  return /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?$/i.test(plain) ? Number(plain) : text;
}

/** JSON, into which kubectl converts a manifest, has neither infinity nor NaN. */
function finite<Value>(value: Value, offset = 0): Value {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new Refused('has a number that is not finite', offset);
  return value;
}

/** Returns the value of a scalar with a tag, which also applies to quoted text. */
function tagged(tag: string, text: string, offset = 0): unknown {
  const wrong = new Refused('has a value that does not fit its tag', offset);
  // The tag `!` makes kubectl resolve even quoted text, which other readers leave as text.
  if (tag === '!') throw wrong;
  if (tag === `${CORE}binary`) {
    const bytes = text.replace(/[\r\n]/g, '');
    if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(bytes)) throw wrong;
    return Buffer.from(bytes, 'base64').toString('utf8');
  }
  // PyYAML, but not kubectl, merges the value of any key with this tag.
  if (tag === `${CORE}merge` && text !== '<<') throw wrong;
  const type = { bool: 'boolean', int: 'number', float: 'number', null: 'object' }[tag.slice(CORE.length)];
  if (!tag.startsWith(CORE) || type === undefined) return text;
  const value = finite(resolve(text), offset);
  const given = typeof value;
  if (given !== type || (tag === `${CORE}int` && !Number.isInteger(value))) throw wrong;
  return value;
}

/** A document of a file as plain values. CloudFormation tags are expanded, as in `{ "Fn::Sub": … }`. */
export interface ManifestDocument extends Range {
  value: unknown;
}

/** The documents of a file, and the range of each value in its text. */
export interface Manifest extends Pick<YamlDocuments, 'rangeOf'> {
  documents: ManifestDocument[];
}

/** Why a file is neither YAML nor JSON: the rest of a sentence about the file, and the offset of the error. */
export interface Unreadable {
  problem: string;
  offset: number;
}

/** A cache, because the rules of the gate and a team's own rules read the same files. */
const manifests = new WeakMap<SourceFile, Manifest | Unreadable>();

/** Returns what {@link readManifest} returns for the text of a file. */
export function manifestOf(file: SourceFile): Manifest | Unreadable {
  const manifest = manifests.get(file) ?? readManifest(file.text);
  manifests.set(file, manifest);
  return manifest;
}

/** The keys by which documents are recognized, or an escape sequence, tag or wrong encoding that may hide one. */
const MAY_BE_MANIFEST =
  /apiVersion|AWSTemplateFormatVersion|Resources|Statement|patches|\bop\b|Fn::|!!?binary|%TAG|\\[^"\\/nrtbf]|\ufffd/;

/** Reports whether a text that is neither YAML nor JSON may be a manifest for a less strict parser. */
export function mayBeManifest(text: string): boolean {
  return MAY_BE_MANIFEST.test(text) || text.includes('\0');
}

/**
 * Parses YAML or JSON as the tool that deploys it: kubectl, if the document has an `apiVersion`, otherwise
 * CloudFormation. A text that they could read otherwise is refused.
 */
export function readManifest(text: string): Manifest | Unreadable {
  // Reading a document twice is necessary only if it has a value that the two tools read differently.
  let differs = false;
  const kubectl: Dialect = {
    ...KUBECTL,
    scalar(node) {
      differs ||= isLetter(node) || isLocal(node.tag);
      return KUBECTL.scalar(node);
    },
    collection(tag, offset) {
      differs ||= isLocal(tag);
      KUBECTL.collection(tag, offset);
    },
  };
  try {
    const { documents, duplicates, rangeOf } = readDocuments(text, kubectl, (value) => {
      const isTemplate = differs && !(isMapping(value) && 'apiVersion' in value);
      differs = false;
      return isTemplate ? CLOUDFORMATION : undefined;
    });
    const [duplicate] = duplicates;
    // Parsers differ in which duplicate they use. The checked value must be the deployed one.
    if (duplicate) return { problem: 'has a duplicate key', offset: duplicate.offset };
    return { documents, rangeOf };
  } catch (error) {
    if (error instanceof Refused) return { problem: error.message, offset: error.offset };
    throw error;
  }
}
