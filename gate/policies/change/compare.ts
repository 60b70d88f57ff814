import type { ReadPolicies } from '../../../core/policy/build-bundle.ts';
import type { PolicyBundle } from '../../../core/policy/bundle.ts';
import { type PolicyDecisionPoint, policyDecisionPoint } from '../../../core/policy/decision-point.ts';
import { type Conditions, strictest } from '../../../core/policy/obligations.ts';
import { attributesOf } from '../../../core/policy/question.ts';
import { placeResource } from '../../../core/policy/resource-tree.ts';
import { type PolicyDirectory, type PolicyView, policyDirectory } from '../directory.ts';
import type { Situation, Thing } from '../evaluate.ts';
import { ANY_WORKLOAD, place, role, workload } from '../situation.ts';
import { type Circumstance, circumstancesIn } from './contexts.ts';
import { type KnownTarget, type KnownWorkload, targetsOf, workloadsOf } from './universe.ts';

/** What somebody can have after a change that they could not before, or the other way round. */
export interface Change {
  workload: string;
  action: KnownTarget['action'];
  resource: string;
  /**
   * What changed: whether it is allowed at all; whether it is in other circumstances; how long a token may live; what a
   * token is bound to.
   */
  of: 'reach' | 'circumstances' | 'lifetime' | 'obligations';
  /** More of it, in a clause. */
  detail: string;
}

/** A change of policies, by what it means for whoever they name. */
export interface Comparison {
  widened: Change[];
  narrowed: Change[];
  /** Whether some of the circumstances that policies tell apart were left out: there were too many. */
  cut: boolean;
}

/** Questions to Cedar that a comparison may cost. */
const MOST_QUESTIONS = 100_000;

type Usable = Pick<ReadPolicies, 'content' | 'written'> & { bundle: PolicyBundle };

interface Side {
  directory: PolicyDirectory;
  policies: PolicyDecisionPoint;
}

/**
 * Compares two policy directories: every workload with every action and place that either names, in circumstances made
 * of what either's conditions name.
 *
 * What is found is so: each change was decided by both. What is not found need not be absent: between the circumstances
 * that were tried there are others.
 */
export function comparePolicies(base: Usable, head: Usable): Comparison {
  const before: Side = { directory: policyDirectory(base), policies: policyDecisionPoint(base.bundle) };
  const after: Side = { directory: policyDirectory(head), policies: policyDecisionPoint(head.bundle) };
  const directories = [before.directory, after.directory];
  const circumstancesOf = circumstancesIn(directories);
  const affected = affectedBy(before.directory, after.directory);
  const comparison: Comparison = { widened: [], narrowed: [], cut: false };
  let questions = 0;

  const targets = targetsOf(directories).map((target) => ({ target, affected: affected(target) }));
  for (const known of workloadsOf(directories)) {
    for (const { target, affected } of targets) {
      const concerned = affected(known);
      if (concerned === undefined) continue;
      const { all, lifetimes, cut } = circumstancesOf(concerned, (path) => valuesAt(directories, known, target, path));
      comparison.cut ||= cut;
      const found = { before: new Map<Circumstance, Best>(), after: new Map<Circumstance, Best>() };
      for (const circumstance of all) {
        questions += 2 * lifetimes.length;
        if (questions > MOST_QUESTIONS) return { ...comparison, cut: true };
        const old = best(before.policies, known, target, circumstance, lifetimes);
        const now = best(after.policies, known, target, circumstance, lifetimes);
        if (old !== undefined) found.before.set(circumstance, old);
        if (now !== undefined) found.after.set(circumstance, now);
      }
      const of = { workload: known.title, action: target.action, resource: target.title };
      const more = difference(found.before, found.after);
      if (more !== undefined) comparison.widened.push({ ...of, ...more });
      const less = difference(found.after, found.before);
      if (less !== undefined) comparison.narrowed.push({ ...of, ...less });
    }
  }
  return comparison;
}

/**
 * Tells, for something, the policies of both directories that concern it and somebody, if the change can have changed
 * anything there; `undefined` if not.
 */
function affectedBy(before: PolicyDirectory, after: PolicyDirectory) {
  const directories = [before, after];
  const textsBefore = texts(before);
  const textsAfter = texts(after);
  const changed = new Set([
    ...before.policies.filter((policy) => !textsAfter.has(textKey(policy))),
    ...after.policies.filter((policy) => !textsBefore.has(textKey(policy))),
  ]);
  const surroundingsChanged =
    JSON.stringify([before.content.networks, before.content.windows, before.content.timeZone]) !==
    JSON.stringify([after.content.networks, after.content.windows, after.content.timeZone]);
  const readsSurroundings = ({ facts }: PolicyView) =>
    ['networks', 'region', 'windows', 'local', '*'].some((name) => facts.reads.includes(name));

  const workloads = new Map<string, { things: Thing[]; differs: boolean }>();
  const workloadOf = (caller: KnownWorkload['caller']) => {
    const known = workloads.get(caller.subject);
    if (known !== undefined) return known;
    const [old, now] = directories.map(({ content }) => attributesOf({ hash: '', ...content }, caller));
    const things = directories.map(({ content }) => workload(content, caller.subject));
    const found = { things, differs: JSON.stringify(old) !== JSON.stringify(now) };
    workloads.set(caller.subject, found);
    return found;
  };

  return ({ asked, action }: KnownTarget) => {
    const type = asked.action === 'assume' ? 'Role' : 'Resource';
    const sides = directories.map((directory) => {
      const resource = asked.action === 'assume' ? role(asked.role) : place(directory.content, asked.location);
      const about = (effect: 'permit' | 'forbid') =>
        directory.about(effect, { type, id: resource.id ?? '' }).filter(({ actions }) => actions.has(action));
      const placed = asked.action === 'assume' ? undefined : placeResource(directory.content, asked.location);
      return { directory, resource, permits: about('permit'), forbids: about('forbid'), placed };
    });
    const targetDiffers = JSON.stringify(sides[0]?.placed) !== JSON.stringify(sides[1]?.placed);

    return ({ caller }: KnownWorkload): PolicyView[] | undefined => {
      const { things, differs } = workloadOf(caller);
      const views = sides.map(({ directory, resource, permits, forbids }, side) => {
        const principal = things[side] ?? ANY_WORKLOAD;
        const situation: Situation = { principal, action, resource, assumed: new Map() };
        const concerned = (policy: PolicyView) => directory.matches(policy, situation) !== false;
        return { permits: permits.filter(concerned), forbids: forbids.filter(concerned) };
      });
      if (views.every(({ permits }) => permits.length === 0)) return undefined;
      const concerned = views.flatMap(({ permits, forbids }) => [...permits, ...forbids]);
      const policiesDiffer = concerned.some(
        (policy) => changed.has(policy) || (surroundingsChanged && readsSurroundings(policy)),
      );
      return policiesDiffer || differs || targetDiffers ? concerned : undefined;
    };
  };
}

/** What an attribute is before and after, where it is text. */
function valuesAt(
  directories: readonly PolicyDirectory[],
  { caller }: KnownWorkload,
  { asked }: KnownTarget,
  path: string,
): string[] {
  const [variable, name = ''] = path.split('.');
  return directories.flatMap(({ content }) => {
    const attributes =
      variable === 'principal'
        ? attributesOf({ hash: '', ...content }, caller)
        : asked.action === 'assume' || variable !== 'resource'
          ? {}
          : placeResource(content, asked.location).attributes;
    const value = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    return typeof value === 'string' ? [value] : [];
  });
}

function texts({ policies }: PolicyDirectory): Set<string> {
  return new Set(policies.map(textKey));
}

function textKey({ written, bundled }: PolicyView): string {
  return `${bundled.ceiling}\n${written.text}`;
}

/** The best token that can be had: how long it lives at most, and what it is bound to then. */
interface Best {
  lifetime: number;
  conditions: Conditions;
}

function best(
  policies: PolicyDecisionPoint,
  { caller }: KnownWorkload,
  { asked }: KnownTarget,
  { context, caller: more, fields }: Circumstance,
  lifetimes: readonly number[],
): Best | undefined {
  const request =
    asked.action === 'assume'
      ? { role: asked.role, details: [], partial: false }
      : {
          details: [
            {
              type: 'resource' as const,
              locations: [asked.location],
              actions: [asked.action],
              ...(fields && { fields }),
            },
          ],
          partial: false,
        };
  let found: Best | undefined;
  for (const lifetime of lifetimes) {
    const [judgement] = policies.judge({ ...caller, ...more }, request, { ...context, lifetime });
    if (judgement?.allowed !== true) continue;
    const conditions = strictest(judgement.permits.map((id) => policies.bundle.policies[id]?.obligations ?? {}));
    const longest = Math.min(lifetime, conditions.maxLifetime ?? lifetime);
    if (found === undefined || longest > found.lifetime) found = { lifetime: longest, conditions };
  }
  return found;
}

/** What the second has that the first has not; the gravest of it. */
function difference(
  first: ReadonlyMap<Circumstance, Best>,
  second: ReadonlyMap<Circumstance, Best>,
): Pick<Change, 'of' | 'detail'> | undefined {
  const added = [...second.keys()].filter((circumstance) => !first.has(circumstance));
  if (added.length > 0) {
    const example = added[0]?.title ?? '';
    const where = example === '' ? '' : `for example ${example}`;
    return { of: first.size === 0 ? 'reach' : 'circumstances', detail: where };
  }
  let longer: { from: number; to: number } | undefined;
  for (const [circumstance, { lifetime }] of second) {
    const from = first.get(circumstance)?.lifetime ?? lifetime;
    if (lifetime > from && lifetime - from > (longer === undefined ? 0 : longer.to - longer.from)) {
      longer = { from, to: lifetime };
    }
  }
  if (longer !== undefined) return { of: 'lifetime', detail: `${seconds(longer.from)} → ${seconds(longer.to)}` };
  for (const [circumstance, { conditions }] of second) {
    const lost = boundTo(first.get(circumstance)?.conditions).filter((one) => !boundTo(conditions).includes(one));
    if (lost.length > 0) return { of: 'obligations', detail: lost.join(', ') };
  }
  return undefined;
}

function boundTo(conditions: Conditions | undefined): string[] {
  const { requireReason, obligations = {} } = conditions ?? { requireReason: false };
  return [
    ...(obligations.networks ?? []).map((name) => `network ${name}`),
    ...(obligations.windows ?? []).map((name) => `window ${name}`),
    ...(obligations.single_use ? ['single use'] : []),
    ...(requireReason ? ['a reason'] : []),
  ];
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
