import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Action, AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { canonicalAddress } from '../identity/address.ts';
import type { Caller } from '../identity/caller.ts';
import {
  cedarRequest,
  type DecisionContext,
  principalScopesOf,
  type RequestedItem,
  scopesOf,
} from './authorization-request.ts';
import { countsAsWrite, type PolicyBundle } from './bundle.ts';
import { type Conditions, strictest } from './obligations.ts';
import { requestContext } from './request-context.ts';
import { policySlices, type Slice } from './slices.ts';
import { placesIn } from './subtree.ts';

/** Everything that a caller requests, decided as a whole. */
export interface DecisionRequest {
  /** The role to assume. If present, `details` are its grants. */
  role?: string | undefined;
  details: readonly AuthorizationDetail[];
  /** Whether the caller accepts a part of the request. Otherwise the request is granted entirely or not at all. */
  partial: boolean;
}

/** The decision on one requested item. */
export interface ItemDecision {
  item: RequestedItem;
  allowed: boolean;
  /** Policies that permit the item, by `@id`. */
  permits: string[];
  /** Policies that forbid the item. */
  forbids: string[];
  /** Policies whose evaluation failed. */
  errors: string[];
  /** For a subtree such as `db/*`: the location in it that is denied. Absent if it has too many locations. */
  place?: string;
  /** Names of the external authorizers that denied what the policies permit. */
  refusedBy?: string[];
}

export interface PolicyDecision {
  allowed: boolean;
  /** The granted details: the whole request, or with `partial` the allowed part. */
  granted: AuthorizationDetail[];
  /** Determining policies, by `@id`: the permits of an allowed request, the forbids of a denied request. */
  policies: string[];
  /** Policies whose evaluation failed, by `@id`. */
  policyErrors: string[];
  /** Requirements of the permitting policies for the token. */
  conditions: Conditions;
}

/** Evaluates requests against one bundle. */
export interface PolicyDecisionPoint {
  bundle: PolicyBundle;
  /** Evaluates each item of a request separately. The result has the order of the request, the role first. */
  evaluate(caller: Caller, request: DecisionRequest, context: DecisionContext): ItemDecision[];
  /**
   * The locations to evaluate for a requested item: the location itself, or locations in its subtree. Empty for a role,
   * or if there are too many.
   */
  placesOf(caller: Caller, item: RequestedItem): string[];
  /** Names of the networks of `networks.yaml` that contain a source address, in any form of the address. */
  networksOf(sourceIp: string): string[];
  /** Reports whether a policy that can match the request may read an attribute. */
  reads(attribute: string, caller: Caller, request: DecisionRequest): boolean;
}

/**
 * Maximum number of evaluations per request. A subtree needs one for each location that policies distinguish in it.
 * Items beyond the maximum are denied.
 */
const MAX_EVALUATIONS = 2_000;

/**
 * Creates a policy decision point for a bundle. Indexes the bundle now, and parses policies on first use.
 *
 * Each (action, location) pair is evaluated separately. Unless the caller accepts a part, all pairs must be allowed. A
 * policy whose evaluation fails denies the pair: Cedar skips such a policy, and skipping a `forbid` would grant what
 * the policy was written to prevent.
 *
 * @see https://docs.cedarpolicy.com/auth/authorization.html
 */
export function policyDecisionPoint(bundle: PolicyBundle): PolicyDecisionPoint {
  const sliceOf = policySlices(bundle);
  const placesOf = placesIn(bundle);
  const around = requestContext(bundle);
  const readByAny = new Set(Object.values(bundle.policies).flatMap(({ reads }) => reads));

  function evaluateLocation(
    slice: Slice,
    caller: Caller,
    item: RequestedItem,
    context: DecisionContext,
  ): Omit<ItemDecision, 'item' | 'place'> {
    const own = evaluate(slice, caller, item, context);
    if (!own.allowed || !isOtherWrite(item)) return own;
    // The ceiling forbids writes by the action `write`. An action that counts as a write must not escape it.
    const asWrite = evaluate(slice, caller, { ...item, action: 'write' }, context);
    const ofCeiling = (id: string) => bundle.policies[id]?.ceiling === true;
    const forbids = asWrite.forbids.filter(ofCeiling);
    const errors = asWrite.errors.filter(ofCeiling);
    if (forbids.length === 0 && errors.length === 0) return own;
    return { allowed: false, permits: [], forbids, errors };
  }

  /** Reports whether an item has an action that counts as a write, other than `write` itself. */
  function isOtherWrite(item: RequestedItem): item is Exclude<RequestedItem, { role: string }> {
    return item.role === undefined && item.action !== 'write' && countsAsWrite(bundle, item.action);
  }

  function evaluate(
    slice: Slice,
    caller: Caller,
    item: RequestedItem,
    context: DecisionContext,
  ): Omit<ItemDecision, 'item' | 'place'> {
    const answer = cedar.statefulIsAuthorized({
      preparsedPolicySetId: slice.preparsedPolicySetId,
      ...cedarRequest(bundle, around, caller, item, context, slice),
    });
    if (answer.type === 'failure') throw new Error('Cedar refused an authorization request');
    const { decision, diagnostics } = answer.response;
    // Cedar returns policy IDs in no particular order.
    const errors = diagnostics.errors.map(({ policyId }) => policyId).sort();
    const permits = decision === 'allow' ? diagnostics.reason.toSorted() : [];
    const forbids = decision === 'allow' ? [] : diagnostics.reason.toSorted();
    return { allowed: decision === 'allow' && errors.length === 0, permits, forbids, errors };
  }

  function evaluateItem(
    caller: Caller,
    item: RequestedItem,
    places: RequestedItem[],
    context: DecisionContext,
  ): ItemDecision {
    const slice = sliceFor(caller, places);
    const permits = new Set<string>();
    for (const place of places) {
      const itemDecision = evaluateLocation(slice, caller, place, context);
      if (!itemDecision.allowed) {
        return { item, ...itemDecision, ...(place.role === undefined && { place: place.location }) };
      }
      for (const id of itemDecision.permits) permits.add(id);
    }
    return { item, allowed: true, permits: [...permits].sort(), forbids: [], errors: [] };
  }

  /**
   * One slice for all locations: the policies that can match any of them. Evaluating policies that do not apply to a
   * location does not change its decision.
   */
  function sliceFor(caller: Caller, places: readonly RequestedItem[]): Slice {
    return sliceOf(principalScopesOf(caller), [...new Set(places.flatMap((place) => scopesOf(bundle, place)))]);
  }

  /** The items that must all be allowed so that a requested item is allowed. */
  function locationItems(caller: Caller, item: RequestedItem): RequestedItem[] | undefined {
    if (item.role !== undefined) return [item];
    return placesOf(caller, item.location)?.map((location) => ({ ...item, location }));
  }

  function evaluateRequest(caller: Caller, request: DecisionRequest, context: DecisionContext): ItemDecision[] {
    // Checked even if no policy reads the address, so that an invalid address is never treated as a valid one.
    const from = { ...context, sourceIp: addressOf(context.sourceIp) };
    let left = MAX_EVALUATIONS;
    return requestedItems(request).map((item) => {
      const places = locationItems(caller, item);
      left -= (places?.length ?? 0) * (isOtherWrite(item) ? 2 : 1);
      const declared = item.role !== undefined || Object.hasOwn(bundle.actions, item.action);
      if (places === undefined || left < 0 || !declared)
        return { item, allowed: false, permits: [], forbids: [], errors: [] };
      return evaluateItem(caller, item, places, from);
    });
  }

  function* slicesFor(caller: Caller, request: DecisionRequest): Generator<Slice> {
    for (const item of requestedItems(request)) {
      const places = locationItems(caller, item);
      if (places !== undefined) yield sliceFor(caller, places);
    }
  }

  return {
    bundle,
    evaluate: evaluateRequest,
    networksOf: (sourceIp) => around.networksOf(addressOf(sourceIp)),
    placesOf: (caller, item) =>
      (locationItems(caller, item) ?? []).flatMap((place) => (place.role !== undefined ? [] : [place.location])),
    reads(attribute, caller, request) {
      if (!readByAny.has(attribute) && !readByAny.has('*')) return false;
      for (const { reads } of slicesFor(caller, request)) {
        if (reads.has(attribute) || reads.has('*')) return true;
      }
      return false;
    },
  };
}

/** @throws if the source address of a request is not an IP address */
function addressOf(sourceIp: string): string {
  const address = canonicalAddress(sourceIp);
  if (address === undefined) throw new Error('the source address of a request is not an IP address');
  return address;
}

/** Combines the decisions on all items of a request into the decision on the request. */
export function conclude(
  itemDecisions: readonly ItemDecision[],
  { details, partial }: DecisionRequest,
  { policies }: PolicyBundle,
): PolicyDecision {
  const policyErrors = distinct(itemDecisions.flatMap(({ errors }) => errors));
  const pairs = itemDecisions.filter(({ item }) => item.role === undefined);
  const roleAssumed = itemDecisions.every(({ item, allowed }) => item.role === undefined || allowed);
  const enough = partial ? pairs.some(({ allowed }) => allowed) : pairs.every(({ allowed }) => allowed);
  if (!roleAssumed || !enough || pairs.length === 0) {
    const forbids = distinct(itemDecisions.flatMap(({ forbids }) => forbids));
    return { allowed: false, granted: [], policies: forbids, policyErrors, conditions: strictest([]) };
  }
  const permits = distinct(
    itemDecisions.filter(({ allowed }) => allowed).flatMap((itemDecision) => itemDecision.permits),
  );
  return {
    allowed: true,
    granted: allowedOf(details, pairs),
    policies: permits,
    policyErrors,
    conditions: strictest(permits.map((id) => policies[id]?.obligations ?? {})),
  };
}

/** Lists all items of a request: the role, if any, and the (action, location) pairs of all entries. */
function requestedItems({ role, details }: DecisionRequest): RequestedItem[] {
  const pairs = details.flatMap(({ actions, locations, fields }) =>
    locations.flatMap((location) => actions.map((action) => ({ action, location, fields }))),
  );
  return role === undefined ? pairs : [{ action: 'assume', role }, ...pairs];
}

/**
 * The allowed part of the details. Locations of an entry with the same allowed actions share an entry in the result.
 *
 * @param pairs decisions on the pairs of all details, in order
 */
function allowedOf(details: readonly AuthorizationDetail[], pairs: readonly ItemDecision[]): AuthorizationDetail[] {
  let next = 0;
  return details.flatMap(({ locations, actions, ...rest }) => {
    const byActions = new Map<string, { locations: string[]; actions: Action[] }>();
    for (const location of locations) {
      const allowed = actions.filter(() => pairs[next++]?.allowed === true);
      if (allowed.length === 0) continue;
      const same = byActions.get(allowed.join());
      if (same === undefined) byActions.set(allowed.join(), { locations: [location], actions: allowed });
      else same.locations.push(location);
    }
    return [...byActions.values()].map((allowed) => ({ ...rest, ...allowed }));
  });
}

function distinct(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}
