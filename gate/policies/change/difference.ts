import type { Conditions } from '@tvm/core/policy/obligations.ts';
import type { Circumstance } from './circumstance.ts';
import { type Definitions, moreIn } from './definitions.ts';

/** The best token that can be had: how long it lives at most, and what it is bound to then. */
export interface Best {
  lifetime: number;
  conditions: Conditions;
}

/** What can be had of something before or after, by circumstance, and what its obligations mean. */
export interface Had {
  best: ReadonlyMap<Circumstance, Best>;
  definitions: Definitions;
}

export interface Difference {
  /**
   * What differs: whether it is allowed at all; whether it is in other circumstances; how long a token may live; what a
   * token is bound to; what the network or window stands for that it is bound to.
   */
  of: 'reach' | 'circumstances' | 'lifetime' | 'obligations' | 'definition';
  /** More of it, in a clause. */
  detail: string;
}

/** What the second has that the first has not; the gravest of it. */
export function difference(first: Had, second: Had): Difference | undefined {
  const added = [...second.best.keys()].filter((circumstance) => !first.best.has(circumstance));
  if (added.length > 0) {
    const example = added[0]?.title ?? '';
    const where = example === '' ? '' : `for example ${example}`;
    return { of: first.best.size === 0 ? 'reach' : 'circumstances', detail: where };
  }
  let longer: { from: number; to: number } | undefined;
  for (const [circumstance, { lifetime }] of second.best) {
    const from = first.best.get(circumstance)?.lifetime ?? lifetime;
    if (lifetime > from && lifetime - from > (longer === undefined ? 0 : longer.to - longer.from)) {
      longer = { from, to: lifetime };
    }
  }
  if (longer !== undefined) return { of: 'lifetime', detail: `${seconds(longer.from)} → ${seconds(longer.to)}` };
  return looserIn(first, second);
}

function looserIn(first: Had, second: Had): Difference | undefined {
  const done = new Set<string>();
  let wider: Difference | undefined;
  for (const [circumstance, { conditions }] of second.best) {
    const old = first.best.get(circumstance)?.conditions;
    const key = JSON.stringify([old, conditions]);
    if (old === undefined || done.has(key)) continue;
    done.add(key);
    const found = looser(old, first.definitions, conditions, second.definitions);
    if (found?.of === 'obligations') return found;
    wider ??= found;
  }
  return wider;
}

/** What the old conditions ask for that the new do not. */
function looser(
  old: Conditions,
  oldDefinitions: Definitions,
  now: Conditions,
  newDefinitions: Definitions,
): Difference | undefined {
  const lost: string[] = [];
  const wider: string[] = [];
  for (const kind of ['networks', 'windows'] as const) {
    const what = kind === 'networks' ? 'network' : 'window';
    const names = now.obligations?.[kind] ?? [];
    for (const name of old.obligations?.[kind] ?? []) {
      const more = (other: string) => moreIn(kind, [oldDefinitions, name], [newDefinitions, other]);
      // All that a token is bound to holds together: one that is as narrow is enough, whatever its name.
      if (names.some((other) => more(other) === undefined)) continue;
      if (names.includes(name)) wider.push(`${what} ${name}, for example ${more(name)}`);
      else lost.push(`${what} ${name}`);
    }
  }
  if (old.obligations?.single_use && !now.obligations?.single_use) lost.push('single use');
  if (old.requireReason && !now.requireReason) lost.push('a reason');
  if (lost.length > 0) return { of: 'obligations', detail: lost.join(', ') };
  return wider.length > 0 ? { of: 'definition', detail: wider.join('; ') } : undefined;
}

function seconds(count: number): string {
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['m', 60],
  ] as const) {
    if (count % size === 0) return `${count / size}${unit}`;
  }
  return `${count}s`;
}
