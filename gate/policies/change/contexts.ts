import type { Claims, ClaimType } from '@tvm/contract/claims.ts';
import { limits } from '@tvm/contract/limits.ts';
import { requestContext } from '@tvm/core/policy/request-context.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { type Choice, type Circumstance, NOTHING_SPECIAL, OTHER, OUTSIDE, type Reads } from './circumstance.ts';
import { type Literals, literalsOf } from './literals.ts';
import { timesIn } from './moments.ts';
import { originsIn } from './origins.ts';

/** The circumstances of requests that the policies about a target can distinguish. */
export interface Circumstances {
  all: Circumstance[];
  /** The lifetimes in seconds, the longest first. */
  lifetimes: number[];
  /** Whether some circumstances were omitted because there were too many. */
  cut: boolean;
}

/** Maximum number of circumstances in which one target is evaluated. */
const MOST = 1000;

/** Pairs of fields are tried if there are at most this many fields. */
const MOST_PAIRED = 6;

/**
 * Returns the circumstances that policies about one target can distinguish.
 *
 * @param valuesOf returns the values of attributes of the workload and the target by path, as in `resource.audience`
 */
export type CircumstancesOf = (policies: readonly PolicyView[], valuesOf: (path: string) => string[]) => Circumstances;

/** Returns a function that builds circumstances for policies. Common parts are computed only once. */
export function circumstancesIn(directories: readonly PolicyDirectory[]): CircumstancesOf {
  const around = directories.map(({ content }) => requestContext({ hash: '', ...content }));
  const claims: Record<string, ClaimType> = Object.assign({}, ...directories.map(({ content }) => content.claims));
  const origins = originsIn(directories, around);
  const times = timesIn(directories, around);
  const known = new Map<string, { literals: Literals; reads: Reads; fixed: Choice[][] }>();
  const numbers = new Map<PolicyView, number>();

  function ofPolicies(policies: readonly PolicyView[]) {
    for (const policy of policies) if (!numbers.has(policy)) numbers.set(policy, numbers.size);
    const key = policies.map((policy) => numbers.get(policy)).join();
    const found = known.get(key);
    if (found !== undefined) return found;
    const literals = literalsOf(policies.flatMap(({ conjuncts }) => conjuncts));
    const names = new Set(policies.flatMap(({ facts }) => facts.reads));
    const reads: Reads = (...wanted) => names.has('*') || wanted.some((name) => names.has(name));
    const fixed = [
      origins(literals, reads),
      times(literals, reads),
      fieldsOf(literals, reads),
      behaviours(literals, reads),
      ofCaller('session', literals, reads),
      ofCaller('organization', literals, reads),
      ...Object.entries(claims).map(([name, type]) => ofClaim(name, type, literals, reads)),
    ];
    const made = { literals, reads, fixed };
    known.set(key, made);
    return made;
  }

  return (policies, valuesOf) => {
    const { literals, fixed } = ofPolicies(policies);
    const dimensions = [audiences(literals, valuesOf), ...fixed];
    const size = dimensions.reduce((product, { length }) => product * length, 1);
    // If there are too many, an evenly distributed sample is used.
    const all = Array.from({ length: Math.min(size, MOST) }, (_, index) =>
      circumstance(dimensions, size > MOST ? Math.floor((index * size) / MOST) : index),
    );
    const thresholds = literals.numbersNear('context.lifetime').flatMap((number) => [number - 1, number, number + 1]);
    const lifetimes = [...new Set([1, ...thresholds, limits.lifetime])]
      .filter((lifetime) => lifetime >= 1 && lifetime <= limits.lifetime)
      .sort((a, b) => b - a);
    return { all, lifetimes, cut: size > MOST };
  };
}

function circumstance(dimensions: readonly Choice[][], index: number): Circumstance {
  const made: Circumstance = {
    context: { audience: '', time: 0, sourceIp: OUTSIDE, behaviour: { issued: 0, denied: 0, active: 0 } },
    caller: {},
    fields: undefined,
    title: '',
  };
  const titles: string[] = [];
  let rest = index;
  for (const choices of dimensions) {
    const choice = choices[rest % choices.length];
    rest = Math.floor(rest / choices.length);
    choice?.set(made);
    if (choice !== undefined && choice.title !== '' && choices.length > 1) titles.push(choice.title);
  }
  made.title = titles.join(', ');
  return made;
}

function audiences(literals: Literals, valuesOf: (path: string) => string[]): Choice[] {
  const ofAttributes = literals.attributes('context.audience').flatMap(valuesOf);
  return [...new Set([...literals.texts('context.audience'), ...ofAttributes, OTHER])].map((audience) => ({
    title: audience === OTHER ? 'any other audience' : `audience ${audience}`,
    set: ({ context }) => {
      context.audience = audience;
    },
  }));
}

function fieldsOf(literals: Literals, reads: Reads): Choice[] {
  if (!reads('fields')) return [NOTHING_SPECIAL];
  const named = literals.texts('context.fields.names');
  const pairs =
    named.length > MOST_PAIRED
      ? []
      : named.flatMap((one, index) => named.slice(index + 1).map((other) => [one, other]));
  const sets = [
    ...literals.sets('context.fields.names'),
    ...named.map((name) => [name]),
    ...pairs,
    named,
    [OTHER],
    ...(named.length > 0 ? [[...named, OTHER]] : []),
  ];
  const choices = new Map(
    sets.filter(({ length }) => length > 0).map((fields) => [fields.toSorted().join(), fields] as const),
  );
  const word = (field: string) => (field === OTHER ? 'any other' : field);
  return [undefined, ...choices.values()].map((fields) => ({
    title:
      fields === undefined
        ? 'all fields'
        : fields[0] === OTHER
          ? 'any other field'
          : `fields ${fields.map(word).join(', ')}`,
    set: (circumstance) => {
      circumstance.fields = fields;
    },
  }));
}

/** Returns choices for each number and its neighbours: for one counter, for several counters, and as a sum of several. */
function behaviours(literals: Literals, reads: Reads): Choice[] {
  if (!reads('behaviour')) return [NOTHING_SPECIAL];
  const counters = (['issued', 'denied', 'active'] as const).filter((counter) => reads(counter));
  const values = new Set(
    literals
      .numbersNear('context.behaviour')
      .flatMap((number) => [number - 1, number, number + 1])
      .filter((number) => number > 0),
  );
  const none = { issued: 0, denied: 0, active: 0 };
  // All non-empty subsets of the counters.
  const groups = Array.from({ length: 2 ** counters.length - 1 }, (_, bits) =>
    counters.filter((_counter, index) => (((bits + 1) >> index) & 1) === 1),
  );
  const counting = (group: typeof counters, numberOf: (index: number) => number) => ({
    ...none,
    ...Object.fromEntries(group.map((counter, index) => [counter, numberOf(index)])),
  });
  const all = [...values].flatMap((value) =>
    groups
      .filter(({ length }) => length > 0)
      .flatMap((group) => [
        counting(group, () => value),
        counting(group, (index) => share(value, index, group.length)),
      ]),
  );
  const apart = new Map(all.map((behaviour) => [JSON.stringify(behaviour), behaviour]));
  return [
    NOTHING_SPECIAL,
    ...[...apart.values()].map((behaviour): Choice => {
      const nonZero = counters.filter((counter) => behaviour[counter] > 0);
      return {
        title: `${nonZero.map((counter) => `${behaviour[counter]} ${counter}`).join(' and ')} lately`,
        set: ({ context }) => {
          context.behaviour = behaviour;
        },
      };
    }),
  ];
}

/** Returns one of `parts` nearly equal parts of a whole number. */
function share(value: number, index: number, parts: number): number {
  return Math.floor(value / parts) + (index < value % parts ? 1 : 0);
}

function ofCaller(attribute: 'session' | 'organization', literals: Literals, reads: Reads): Choice[] {
  if (!reads(attribute)) return [NOTHING_SPECIAL];
  return [
    NOTHING_SPECIAL,
    ...[...literals.texts(`principal.${attribute}`), OTHER].map(
      (value): Choice => ({
        title: value === OTHER ? `any other ${attribute}` : `${attribute} ${value}`,
        set: ({ caller }) => {
          caller[attribute] = value;
        },
      }),
    ),
  ];
}

/** Returns the values of a claim that conditions can distinguish, and its absence. Only a federated workload has claims. */
function ofClaim(name: string, type: ClaimType, literals: Literals, reads: Reads): Choice[] {
  if (!reads('claims') || !reads(name)) return [NOTHING_SPECIAL];
  const path = `principal.claims.${name}`;
  const texts = literals.texts(path);
  const values: Record<ClaimType, () => Claims[string][]> = {
    String: () => [...texts, OTHER],
    Long: () => [...new Set([0, ...literals.numbersNear(path).flatMap((number) => [number - 1, number, number + 1])])],
    Bool: () => [true, false],
    'Set<String>': () => [[], ...texts.map((text) => [text]), texts, [OTHER]],
  };
  return [undefined, ...values[type]()].map(
    (value): Choice => ({
      title:
        value === undefined
          ? `without claim ${name}`
          : value === OTHER
            ? `any other claim ${name}`
            : `claim ${name} ${value}`,
      set: ({ caller }) => {
        caller.claims = { ...caller.claims, [name]: value };
      },
    }),
  );
}
