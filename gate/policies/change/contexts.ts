import { isIP } from 'node:net';
import { parseDuration } from '../../../contract/duration.ts';
import { limits } from '../../../contract/limits.ts';
import type { Caller } from '../../../core/identity.ts';
import type { DecisionContext } from '../../../core/policy/question.ts';
import { type LocalTime, surroundings } from '../../../core/policy/surroundings.ts';
import type { PolicyDirectory, PolicyView } from '../directory.ts';
import { type Literals, literalsOf } from './literals.ts';

/** One way in which something can be asked for, but for the lifetime. */
export interface Circumstance {
  context: Omit<DecisionContext, 'lifetime'>;
  /** What only the request says of the workload. */
  caller: Pick<Caller, 'session' | 'organization'>;
  fields: string[] | undefined;
  /** In words: what of it is not as in every other. */
  title: string;
}

/** How something can be asked for, as far as the policies about it can tell. */
export interface Circumstances {
  all: Circumstance[];
  /** In seconds, the longest first. */
  lifetimes: number[];
  /** Whether there were more. */
  cut: boolean;
}

/** The most circumstances in which one thing is judged. */
const MOST = 200;

const OTHER = '~any-other';
/** An address that no network of anybody holds. */
const OUTSIDE = '192.0.2.1';
const MINUTE = 60_000;
/** A Monday. */
const WEEK_FROM = Date.parse('2026-01-05T00:00:00Z');

/** One choice of a dimension: what it sets, and in words. */
type Choice = { title: string; set(circumstance: Circumstance): void };

/**
 * The circumstances that policies about one thing can tell apart.
 *
 * @param valuesOf what the attributes of who asks, and of what is asked for, are, by paths as in `resource.audience`
 */
export type CircumstancesOf = (policies: readonly PolicyView[], valuesOf: (path: string) => string[]) => Circumstances;

/** Finds circumstances for policies; what is the same for all of them is worked out once. */
export function circumstancesIn(directories: readonly PolicyDirectory[]): CircumstancesOf {
  const around = directories.map(({ content }) => surroundings({ hash: '', ...content }));
  const networks = directories.flatMap(({ content }) => Object.values(content.networks));
  const windows = directories.flatMap(({ content }) => Object.values(content.windows));

  /** Moments of a week, and those at which a window opens or ends for good. */
  let moments: { time: number; windows: string }[] | undefined;
  function momentsOfInterest() {
    if (moments !== undefined) return moments;
    const once = windows.flatMap((window) => (window.kind === 'once' ? [window.from, window.to, window.to - 1] : []));
    const week = Array.from({ length: 7 * 24 * 12 }, (_, step) => WEEK_FROM + 5 * step * MINUTE);
    const noon = WEEK_FROM + 12 * 60 * MINUTE;
    moments = [noon, ...week, ...once].map((time) => ({
      time,
      windows: JSON.stringify(around.map((one) => one.openWindows(time))),
    }));
    return moments;
  }

  function times(literals: Literals, reads: ReadonlySet<string>): Choice[] {
    if (!['time', 'local', 'windows', '*'].some((name) => reads.has(name))) return [at(WEEK_FROM + 12 * 60 * MINUTE)];
    const dates = literals
      .arguments('datetime')
      .map((text) => Date.parse(text))
      .filter(Number.isFinite);
    const sinceMidnight = literals.arguments('duration').map((text) => (parseDuration(text) ?? 0) * 1000);
    const hours = literals.numbers('context.local.hour');
    const minutes = literals.numbers('context.local.minute');
    const tellsLocal = reads.has('local') || reads.has('*');
    const localRank = ({ weekday, minutes: inDay }: LocalTime) => [
      weekday,
      rank(Math.floor(inDay / 60), hours),
      rank(inDay % 60, minutes),
    ];
    const candidates = [
      ...momentsOfInterest(),
      ...dates
        .flatMap((date) => [date - 1, date, date + 1])
        .map((time) => ({
          time,
          windows: JSON.stringify(around.map((one) => one.openWindows(time))),
        })),
    ];
    const apart = new Map<string, number>();
    for (const { time, windows } of candidates) {
      const local = tellsLocal ? around.map((one) => localRank(one.localTime(time))) : [];
      const key = JSON.stringify([windows, local, rank(time, dates), rank(time % 86_400_000, sinceMidnight)]);
      if (!apart.has(key)) apart.set(key, time);
    }
    return [...apart.values()].map(at);
  }

  function origins(literals: Literals, reads: ReadonlySet<string>): Choice[] {
    const anywhere = from(OUTSIDE, undefined);
    if (!['sourceIp', 'networks', 'region', 'vpcEndpoint', '*'].some((name) => reads.has(name))) return [anywhere];
    const named = [...networks.flatMap(({ cidrs }) => cidrs), ...literals.arguments('ip')];
    const addresses = new Set(named.map((text) => text.split('/')[0] ?? '').filter((text) => isIP(text) !== 0));
    const endpoints = new Set([
      ...networks.flatMap(({ vpcEndpoints }) => vpcEndpoints),
      ...literals.texts('context.vpcEndpoint'),
    ]);
    return [
      anywhere,
      ...[...addresses].map((address) => from(address, undefined)),
      ...[...endpoints].map((endpoint) => from(OUTSIDE, endpoint)),
    ];
  }

  return (policies, valuesOf) => {
    const literals = literalsOf(policies.flatMap(({ conjuncts }) => conjuncts));
    const reads = new Set(policies.flatMap(({ facts }) => facts.reads));
    const dimensions: Choice[][] = [
      [
        ...new Set([
          ...literals.texts('context.audience'),
          ...literals.attributes('context.audience').flatMap(valuesOf),
          OTHER,
        ]),
      ].map((audience) => ({
        title: audience === OTHER ? 'any other audience' : `audience ${audience}`,
        set: ({ context }) => {
          context.audience = audience;
        },
      })),
      origins(literals, reads),
      times(literals, reads),
      fieldsOf(literals, reads),
      behaviours(literals, reads),
      ofCaller('session', literals, reads),
      ofCaller('organization', literals, reads),
    ];
    const size = dimensions.reduce((product, { length }) => product * length, 1);
    const all = Array.from({ length: Math.min(size, MOST) }, (_, index) =>
      // Where there are too many, they are taken from everywhere among them.
      circumstance(dimensions, size > MOST ? Math.floor((index * size) / MOST) : index),
    );
    const thresholds = literals.numbers('context.lifetime').flatMap((number) => [number - 1, number, number + 1]);
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

function at(time: number): Choice {
  return {
    title: `at ${new Date(time).toISOString()}`,
    set: ({ context }) => {
      context.time = time;
    },
  };
}

function from(address: string, vpcEndpoint: string | undefined): Choice {
  return {
    title:
      vpcEndpoint === undefined
        ? address === OUTSIDE
          ? 'from no named network'
          : `from ${address}`
        : `through ${vpcEndpoint}`,
    set: ({ context }) => {
      context.sourceIp = address;
      if (vpcEndpoint !== undefined) context.vpcEndpoint = vpcEndpoint;
    },
  };
}

function fieldsOf(literals: Literals, reads: ReadonlySet<string>): Choice[] {
  if (!reads.has('fields') && !reads.has('*')) return [{ title: '', set: () => {} }];
  const sets = literals.sets('context.fields.names');
  const named = literals.texts('context.fields.names').map((name) => [name]);
  const choices = new Map(
    [...sets, ...named, [OTHER]].filter(({ length }) => length > 0).map((fields) => [fields.join(), fields]),
  );
  return [undefined, ...choices.values()].map((fields) => ({
    title:
      fields === undefined ? 'all fields' : fields[0] === OTHER ? 'any other field' : `fields ${fields.join(', ')}`,
    set: (circumstance) => {
      circumstance.fields = fields;
    },
  }));
}

function behaviours(literals: Literals, reads: ReadonlySet<string>): Choice[] {
  const none: Choice = { title: '', set: () => {} };
  if (!reads.has('behaviour') && !reads.has('*')) return [none];
  return [
    none,
    ...(['issued', 'denied', 'active'] as const).flatMap((what) =>
      [...new Set(literals.numbers(`context.behaviour.${what}`).flatMap((number) => [number, number + 1]))].map(
        (number): Choice => ({
          title: `${number} ${what} lately`,
          set: ({ context }) => {
            context.behaviour = { issued: 0, denied: 0, active: 0, [what]: number };
          },
        }),
      ),
    ),
  ];
}

function ofCaller(attribute: 'session' | 'organization', literals: Literals, reads: ReadonlySet<string>): Choice[] {
  const none: Choice = { title: '', set: () => {} };
  if (!reads.has(attribute) && !reads.has('*')) return [none];
  return [
    none,
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

/** Between which thresholds a number is, and whether it is one of them. */
function rank(value: number, thresholds: readonly number[]): number {
  return thresholds.reduce((sum, threshold) => sum + (value > threshold ? 2 : value === threshold ? 1 : 0), 0);
}
