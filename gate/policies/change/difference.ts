import type { Conditions } from '@tvm/core/policy/obligations.ts';
import type { Circumstance } from './circumstance.ts';
import { type Definitions, moreIn } from './definitions.ts';

/** The token with the longest lifetime that a workload can get, and its obligations. */
export interface Best {
  lifetime: number;
  conditions: Conditions;
}

/** The tokens for a target before or after the change, by circumstance, with the definitions for their obligations. */
export interface Had {
  best: ReadonlyMap<Circumstance, Best>;
  definitions: Definitions;
}

export interface Difference {
  /**
   * What differs: whether access is allowed at all (`reach`) or in some circumstances; the lifetime of the token; its
   * obligations; or the definition of a network or window in its obligations.
   */
  of: 'reach' | 'circumstances' | 'lifetime' | 'obligations' | 'definition';
  /** Details, as a clause. */
  detail: string;
}

/** Returns the most serious respect in which the second allows more than the first. */
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

/** Returns the requirements of the old conditions that the new conditions do not have. */
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
      // A resource server enforces all obligations. One new network or window that is as narrow as the old one is enough.
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
