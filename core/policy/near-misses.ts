import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { Caller } from '../identity/caller.ts';
import {
  type Asked,
  type DecisionContext,
  entityName,
  question,
  type Readable,
  readableBy,
  scopesOf,
} from './authorization-request.ts';
import type { BundledPolicy, PolicyBundle } from './bundle.ts';
import {
  type Conjunct,
  type JudgedParts,
  judgeParts,
  type Outcome,
  SCOPE_PARTS,
  type ScopePart,
  type SplitPolicy,
  splitPolicy,
} from './conjuncts.ts';
import { requestContext } from './request-context.ts';

/**
 * Who reads an explanation. An operator may know every policy. A workload may know those that are for it: their scope
 * names it or anybody, and every condition that tells workloads apart holds for it. What such a condition says is not
 * for it either: it may speak of others.
 */
export type Reader = 'operator' | 'workload';

/** A part of a policy that does not hold. */
export type Missed =
  | { part: ScopePart; text: string }
  | { part: 'condition'; text: string; conjunct: Conjunct; outcome: Exclude<Outcome, 'held'> };

/** A policy that would permit something, but for some parts of it. */
export interface NearMiss {
  id: string;
  missed: Missed[];
  /** The conditions that the reader may read. */
  readable: Conjunct[];
  /** The locations that it names where the reader may read them. */
  locations: string[];
}

/** Looks into single policies of a bundle: why they match or do not. */
export interface PolicyInsight {
  /** A policy's parts, judged; `undefined` when the reader may not know the policy. */
  inspect(id: string, about: Inquiry, reader: Reader): Inspected | undefined;
  /**
   * The permits that come closest to permitting something, the closest first; those that do permit it miss nothing.
   *
   * @param most how many to name
   */
  nearest(about: Inquiry, reader: Reader, most: number): NearMiss[];
}

export interface Inspected extends Pick<NearMiss, 'readable' | 'locations'> {
  split: SplitPolicy;
  judged: JudgedParts;
}

/** What one question is about. */
export interface Inquiry {
  caller: Caller;
  asked: Asked;
  context: DecisionContext;
}

/** How many policies are judged for one question at most: of more, those whose scopes fit best. */
const MOST_CANDIDATES = 40;

/** How many parts a policy may miss and still be near. */
const MOST_MISSED = 4;

/** How many policies are kept split. */
const MOST_SPLIT = 1_000;

/** A bundle's insight, made once for each bundle. Policies are split when first looked into. */
export function policyInsight(bundle: PolicyBundle): PolicyInsight {
  const known = insights.get(bundle);
  if (known !== undefined) return known;
  const made = makeInsight(bundle);
  insights.set(bundle, made);
  return made;
}

const insights = new WeakMap<PolicyBundle, PolicyInsight>();

function makeInsight(bundle: PolicyBundle): PolicyInsight {
  const around = requestContext(bundle);
  const permits = Object.entries(bundle.policies).filter(([, { effect }]) => effect === 'permit');
  const splits = new Map<string, { split: SplitPolicy; readable: Readable }>();

  function partsOf(id: string, policy: BundledPolicy): { split: SplitPolicy; readable: Readable } {
    const known = splits.get(id);
    if (known !== undefined) return known;
    const parts = { split: splitPolicy(policy.text), readable: readableBy(bundle, [policy]) };
    if (splits.size >= MOST_SPLIT) splits.clear();
    splits.set(id, parts);
    return parts;
  }

  function inspect(id: string, { caller, asked, context }: Inquiry, reader: Reader): Inspected | undefined {
    const policy = bundle.policies[id];
    if (policy === undefined) throw new Error('a policy is not of this bundle');
    if (reader === 'workload' && !mayBeFor(policy, caller)) return undefined;
    const { split, readable: told } = partsOf(id, policy);
    const judged = judgeParts(split, question(bundle, around, caller, asked, context, told));
    const readable = reader === 'operator' ? split.conjuncts : split.conjuncts.filter((one) => !one.ofPrincipal);
    const inspected = { split, judged, readable, locations: locationsIn(policy, readable) };
    if (reader === 'operator') return inspected;
    const forIt =
      judged.scope.principal &&
      split.conjuncts.every(({ ofPrincipal }, index) => !ofPrincipal || judged.conjuncts[index] === 'held');
    return forIt ? inspected : undefined;
  }

  /** What the scopes alone tell: 0 fits best; `undefined` is nowhere near. */
  function distance(
    policy: BundledPolicy,
    { caller, asked }: Inquiry,
    scopes: ReadonlySet<string>,
    reader: Reader,
  ): number | undefined {
    const place = policy.resource === undefined || scopes.has(policy.resource);
    if (!mayBeFor(policy, caller)) {
      // Somebody else's is near only if it is about this very thing.
      return reader === 'operator' && place && policy.resource !== undefined ? 4 : undefined;
    }
    const ofItsOwn = policy.principal === undefined ? 1 : 0;
    if (place) return ofItsOwn;
    return asked.action !== 'assume' && isRelated(policy.resource, asked.location) ? 2 + ofItsOwn : undefined;
  }

  function nearest(about: Inquiry, reader: Reader, most: number): NearMiss[] {
    const scopes = new Set(scopesOf(bundle, about.asked));
    return permits
      .flatMap(([id, policy]) => {
        const away = distance(policy, about, scopes, reader);
        return away === undefined ? [] : [{ id, away }];
      })
      .sort((a, b) => a.away - b.away)
      .slice(0, MOST_CANDIDATES)
      .flatMap(({ id, away }) => {
        const inspected = inspect(id, about, reader);
        if (inspected === undefined) return [];
        const { readable, locations } = inspected;
        return [{ id, away, missed: missedOf(inspected), readable, locations }];
      })
      .filter(({ missed }) => missed.length <= MOST_MISSED && !isElsewhere(missed))
      .sort((a, b) => weight(a.missed) - weight(b.missed) || a.away - b.away)
      .slice(0, most)
      .map(({ away: _, ...near }) => near);
  }

  return { inspect, nearest };
}

function mayBeFor({ principal }: BundledPolicy, { subject }: Caller): boolean {
  return principal === undefined || principal === subject;
}

function locationsIn({ resource, locations }: BundledPolicy, readable: readonly Conjunct[]): string[] {
  const ofScope = locations.filter((location) => entityName('Resource', location) === resource);
  return [...new Set([...ofScope, ...readable.flatMap(({ literals }) => literals.locations)])];
}

/** Whether a policy's resource and a location are of the same tree: one is in the other, or they are side by side. */
function isRelated(resource: string | undefined, location: string): boolean {
  const root = subtreeRoot(location) ?? location;
  const [tree = root] = root.split('/');
  const of = entityName('Resource', tree);
  return resource === of || resource?.startsWith(`${of.slice(0, -1)}/`) === true;
}

/** Of who, what and on what, a policy near may miss one: with two, it is about something else. */
function isElsewhere(missed: readonly Missed[]): boolean {
  return missed.filter(({ part }) => part !== 'condition').length > 1;
}

/** A condition is sooner met than a scope, which says what the policy is for. */
function weight(missed: readonly Missed[]): number {
  return missed.reduce((sum, { part }) => sum + (part === 'condition' ? 1 : 2), 0);
}

function missedOf({ split, judged }: Inspected): Missed[] {
  const scope = SCOPE_PARTS.filter((part) => !judged.scope[part]).map((part) => ({
    part,
    text: split.scope[part] ?? part,
  }));
  const firstFailed = judged.conjuncts.indexOf('failed');
  const conditions = split.conjuncts.flatMap((conjunct, index): Missed[] => {
    const outcome = judged.conjuncts[index] ?? 'failed';
    // `principal has team && principal.team == "x"`: what errs behind a failed condition is never reached.
    if (outcome === 'held' || (outcome === 'erred' && firstFailed >= 0 && index > firstFailed)) return [];
    return [{ part: 'condition', text: conjunct.text, conjunct, outcome }];
  });
  return [...scope, ...conditions];
}
