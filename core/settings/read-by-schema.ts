import type * as z from 'zod';
import { type Fault, isMapping, type Path, valueAt } from './fault.ts';
import { type KnownKeys, knownKeys } from './known-keys.ts';
import { nearestName } from './nearest-name.ts';

type Issue = z.core.$ZodIssue;

/** The parsed value, or all its errors. */
export type Read<S extends z.ZodType> = { value: z.infer<S>; faults: [] } | { value: undefined; faults: Fault[] };

export interface ReadOptions {
  /** Reports whether a schema describes a reference to a secret. Messages never contain such a value. */
  isSecret?: (schema: z.core.$ZodType) => boolean;
  /** Message for an unknown key. */
  unknownKey?: string;
}

/** Parses a value with a schema. The messages are our own; they never contain text from zod. */
export function readBySchema<S extends z.ZodType>(
  schema: S,
  value: unknown,
  { isSecret = () => false, unknownKey = 'is not known' }: ReadOptions = {},
): Read<S> {
  const parsed = schema.safeParse(value, { error: plainSentence });
  if (parsed.success) return { value: parsed.data, faults: [] };
  const known = knownKeys(schema, value, isSecret);
  const found = parsed.error.issues
    .flatMap((issue) => single(issue, []))
    .map((issue) => faultsOf(issue, value, known, unknownKey));
  const meant = new Set(found.flatMap(({ meant }) => meant));
  const faults = found.flatMap(({ faults }) => faults).filter((fault) => !(fault.missing && meant.has(keyOf(fault))));
  return { value: undefined, faults: firstOfEach(faults, value) };
}

/** Keeps only the first error of each string or number. */
function firstOfEach(faults: readonly Fault[], whole: unknown): Fault[] {
  const seen = new Set<string>();
  return faults.filter(({ path, of }) => {
    if (typeof valueAt(whole, path) === 'object') return true;
    const key = JSON.stringify([path, of ?? 'value']);
    return !seen.has(key) && seen.add(key);
  });
}

interface LocatedIssue {
  issue: Issue;
  path: Path;
}

/** Replaces the issue of a union with the issues of the branch that was probably meant. */
function single(issue: Issue, base: Path): LocatedIssue[] {
  const path = [...base, ...issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))];
  const branch = issue.code === 'invalid_union' ? closest(issue.errors) : undefined;
  return branch ? branch.flatMap((inner) => single(inner, path)) : [{ issue, path }];
}

/** The issues of the best matching branch: the fewest. `undefined` for a tie, or if the type of the value is wrong. */
function closest(branches: readonly Issue[][]): Issue[] | undefined {
  const [best, second] = branches
    .filter((issues) => !issues.some(isOfAnotherKind))
    .map((issues) => ({ issues, weight: issues.reduce((sum, issue) => sum + weightOf(issue), 0) }))
    .toSorted((a, b) => a.weight - b.weight);
  return best && best.weight !== second?.weight ? best.issues : undefined;
}

const OF_THE_WHOLE = new Set<string>(['invalid_type', 'invalid_value', 'invalid_format', 'custom']);

/** Reports whether an issue shows that the whole value does not belong to a branch. */
function isOfAnotherKind(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((issues) => issues.some(isOfAnotherKind));
  return OF_THE_WHOLE.has(issue.code);
}

function weightOf(issue: Issue): number {
  return issue.code === 'unrecognized_keys' ? issue.keys.length : 1;
}

interface Found {
  faults: (Fault & { missing?: true })[];
  /** Paths of the known keys that were probably meant by unknown keys. */
  meant: string[];
}

function faultsOf({ issue, path }: LocatedIssue, whole: unknown, known: KnownKeys, unknownKey: string): Found {
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, path, whole, known, unknownKey);
  const value = valueAt(whole, path);
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  if (value === undefined && issue.code !== 'custom') {
    const says =
      message.startsWith('must') && message !== plainSentence({ ...issue, input: value } as z.core.$ZodRawIssue);
    const problem = says ? `is missing; it ${message}` : 'is missing';
    return { faults: [{ path, problem, missing: true }], meant: [] };
  }
  if (message === MAPPING) {
    return { faults: [{ path, problem: mappingOf(known.at(path)) }], meant: [] };
  }
  const near = typeof value === 'string' ? nearestName(value, alternatives(issue)) : undefined;
  const problem = near ? `${message}; did you mean ${near}?` : message;
  const fault: Fault = { path, problem, of: issue.code === 'invalid_key' ? 'key' : 'value' };
  return { faults: [value === undefined ? { ...fault, missing: true } : fault], meant: [] };
}

/** The allowed values, if the value must be one of a few strings. */
function alternatives(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options ?? []).map(String) : [];
}

function unknownKeys(keys: readonly string[], path: Path, whole: unknown, known: KnownKeys, unknownKey: string): Found {
  const names = known.at(path);
  const found: Found = { faults: [], meant: [] };
  for (const key of keys) {
    const value = valueAt(whole, [...path, key]);
    const meant = known.meant(path, key, value);
    // `{ hunter2 }` is a mapping with a key and no value. The key may be the secret itself.
    if (known.isSecret(path) || (meant === undefined && value === null)) {
      const problem = `has an unknown key, which is not shown because it may be a secret; known keys are ${names.join(', ')}`;
      found.faults.push({ path, problem });
      continue;
    }
    const help = meant ? `; did you mean ${meant}?` : `; known here are ${names.join(', ')}`;
    found.faults.push({ path: [...path, key], problem: `${unknownKey}${help}`, of: 'key' });
    if (meant) found.meant.push(keyOf({ path: [...path, meant] }));
  }
  return found;
}

function keyOf({ path }: Pick<Fault, 'path'>): string {
  return JSON.stringify(path);
}

const MAPPING = 'must be a mapping of keys to values';

/** Maximum number of keys in a message. */
const SHOWN_KEYS = 6;

function mappingOf(keys: readonly string[]): string {
  const shown = [...keys.slice(0, SHOWN_KEYS), ...(keys.length > SHOWN_KEYS ? ['…'] : [])];
  return shown.length === 0 ? MAPPING : `${MAPPING}: ${shown.join(', ')}`;
}

const KINDS: Record<string, string> = {
  number: 'must be a number',
  int: 'must be a whole number',
  boolean: 'must be true or false',
  object: MAPPING,
  record: MAPPING,
  array: 'must be a list',
};

/** The message for a value that should be a string. YAML parses an unquoted value as a number, a boolean or null. */
function textInstead(input: unknown): string {
  if (input === null) return 'must be text, but it is empty';
  return typeof input === 'number' || typeof input === 'boolean' ? 'must be text: put it in quotes' : 'must be text';
}

/** The default message for an issue, for schemas that define none. */
function plainSentence(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'string') return textInstead(issue.input);
      return KINDS[issue.expected] ?? 'has the wrong type';
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `must not be ${Number(issue.minimum) === 1 ? 'empty' : `shorter than ${issue.minimum}`}`
        : `must be ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'string' || issue.origin === 'array'
        ? `must not be longer than ${issue.maximum}`
        : `must be ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}`;
    case 'invalid_format':
      return 'has the wrong format';
    case 'invalid_union':
      return 'matches none of the allowed forms';
    default:
      return isMapping(issue.input) ? 'is incomplete or contradictory' : 'is invalid';
  }
}
