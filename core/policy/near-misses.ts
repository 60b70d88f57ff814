import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { Caller } from '../identity/caller.ts';
import {
  cedarRequest,
  type DecisionContext,
  entityName,
  principalScopeOf,
  principalScopesOf,
  type Readable,
  type RequestedItem,
  readableBy,
  scopesOf,
} from './authorization-request.ts';
import type { BundledPolicy, PolicyBundle } from './bundle.ts';
import {
  type Conjunct,
  type EvaluatedParts,
  evaluateParts,
  type Outcome,
  SCOPE_PARTS,
  type ScopePart,
  type SplitPolicy,
  splitPolicy,
} from './conjuncts.ts';
import { requestContext } from './request-context.ts';

/**
 * The reader of an explanation. An operator may see every policy. A workload may see only the policies that apply to
 * it: the scope names the workload or no workload, and every condition that depends on the workload is true for it. The
 * text of such a condition stays hidden from the workload, because it may name other workloads.
 */
export type Reader = 'operator' | 'workload';

/** A part of a policy that does not match. */
export type Missed =
  | { part: ScopePart; text: string }
  | { part: 'condition'; text: string; conjunct: Conjunct; outcome: Exclude<Outcome, 'held'> };

/** A permit policy that would match except for some of its parts. */
export interface NearMiss {
  id: string;
  missed: Missed[];
  /** The conditions that the reader may see. */
  readable: Conjunct[];
  /** The locations in those parts of the policy that the reader may see. */
  locations: string[];
}

/** Explains why single policies of a bundle match or do not match. */
export interface PolicyInsight {
  /** Evaluates the parts of a policy. Returns `undefined` if the reader may not see the policy. */
  inspect(id: string, about: Inquiry, reader: Reader): Inspected | undefined;
  /**
   * Finds the permit policies that come closest to permitting a request, the closest first. Policies that do permit the
   * request have no missed parts.
   *
   * @param limit maximum number of results
   */
  nearest(about: Inquiry, reader: Reader, limit: number): NearMiss[];
}

export interface Inspected extends Pick<NearMiss, 'readable' | 'locations'> {
  split: SplitPolicy;
  evaluated: EvaluatedParts;
}

/** An authorization request to explain. */
export interface Inquiry {
  caller: Caller;
  item: RequestedItem;
  context: DecisionContext;
}

/** Maximum number of policies to evaluate per request. Policies whose scopes fit best are preferred. */
const MAX_CANDIDATES = 40;

/** Maximum number of missed parts of a near miss. */
const MAX_MISSED = 4;

/** Maximum number of split policies in the cache. */
const MAX_SPLIT = 1_000;

/** Returns the insight into a bundle, cached per bundle. Policies are split on first use. */
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
    if (splits.size >= MAX_SPLIT) splits.clear();
    splits.set(id, parts);
    return parts;
  }

  function inspect(id: string, { caller, item, context }: Inquiry, reader: Reader): Inspected | undefined {
    const policy = bundle.policies[id];
    if (policy === undefined) throw new Error('the policy is not in this bundle');
    if (reader === 'workload' && !mayBeFor(policy, caller)) return undefined;
    const { split, readable: policyReads } = partsOf(id, policy);
    const evaluated = evaluateParts(split, cedarRequest(bundle, around, caller, item, context, policyReads));
    const readable = reader === 'operator' ? split.conjuncts : split.conjuncts.filter((one) => !one.ofPrincipal);
    const inspected = { split, evaluated, readable, locations: locationsIn(policy, readable) };
    if (reader === 'operator') return inspected;
    const applies =
      evaluated.scope.principal &&
      split.conjuncts.every(({ ofPrincipal }, index) => !ofPrincipal || evaluated.conjuncts[index] === 'held');
    return applies ? inspected : undefined;
  }

  /** How far the scope is from the request: 0 is the best fit, `undefined` is unrelated. */
  function distance(
    policy: BundledPolicy,
    { caller, item }: Inquiry,
    scopes: ReadonlySet<string>,
    reader: Reader,
  ): number | undefined {
    const place = policy.resource === undefined || scopes.has(policy.resource);
    if (!mayBeFor(policy, caller)) {
      // A policy for another workload is a near miss only if its scope names the requested resource or an ancestor.
      return reader === 'operator' && place && policy.resource !== undefined ? 4 : undefined;
    }
    const forAnyPrincipal = principalScopeOf(policy) === undefined ? 1 : 0;
    if (place) return forAnyPrincipal;
    return item.role === undefined && isRelated(policy.resource, item.location) ? 2 + forAnyPrincipal : undefined;
  }

  function nearest(about: Inquiry, reader: Reader, limit: number): NearMiss[] {
    const scopes = new Set(scopesOf(bundle, about.item));
    return permits
      .flatMap(([id, policy]) => {
        const away = distance(policy, about, scopes, reader);
        return away === undefined ? [] : [{ id, away }];
      })
      .sort((a, b) => a.away - b.away)
      .slice(0, MAX_CANDIDATES)
      .flatMap(({ id, away }) => {
        const inspected = inspect(id, about, reader);
        if (inspected === undefined) return [];
        const { readable, locations } = inspected;
        return [{ id, away, missed: missedOf(inspected), readable, locations }];
      })
      .filter(({ missed }) => missed.length <= MAX_MISSED && !isElsewhere(missed))
      .sort((a, b) => weight(a.missed) - weight(b.missed) || a.away - b.away)
      .slice(0, limit)
      .map(({ away: _, ...near }) => near);
  }

  return { inspect, nearest };
}

function mayBeFor(policy: BundledPolicy, caller: Caller): boolean {
  const principal = principalScopeOf(policy);
  return principal === undefined || principalScopesOf(caller).includes(principal);
}

function locationsIn({ resource, locations }: BundledPolicy, readable: readonly Conjunct[]): string[] {
  const ofScope = locations.filter((location) => entityName('Resource', location) === resource);
  return [...new Set([...ofScope, ...readable.flatMap(({ literals }) => literals.locations)])];
}

/** Reports whether a policy's resource and a location have the same first segment. */
function isRelated(resource: string | undefined, location: string): boolean {
  const root = subtreeRoot(location) ?? location;
  const [tree = root] = root.split('/');
  const of = entityName('Resource', tree);
  return resource === of || resource?.startsWith(`${of.slice(0, -1)}/`) === true;
}

/** A near miss may miss one of principal, action and resource. A policy that misses two is unrelated. */
function isElsewhere(missed: readonly Missed[]): boolean {
  return missed.filter(({ part }) => part !== 'condition').length > 1;
}

/** A missed scope weighs more than a missed condition: the scope defines the purpose of the policy. */
function weight(missed: readonly Missed[]): number {
  return missed.reduce((sum, { part }) => sum + (part === 'condition' ? 1 : 2), 0);
}

function missedOf({ split, evaluated }: Inspected): Missed[] {
  const scope = SCOPE_PARTS.filter((part) => !evaluated.scope[part]).map((part) => ({
    part,
    text: split.scope[part] ?? part,
  }));
  const firstFailed = evaluated.conjuncts.indexOf('failed');
  const conditions = split.conjuncts.flatMap((conjunct, index): Missed[] => {
    const outcome = evaluated.conjuncts[index] ?? 'failed';
    // `principal has team && principal.team == "x"`: Cedar does not evaluate a condition after a failed one.
    if (outcome === 'held' || (outcome === 'erred' && firstFailed >= 0 && index > firstFailed)) return [];
    return [{ part: 'condition', text: conjunct.text, conjunct, outcome }];
  });
  return [...scope, ...conditions];
}
