import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Action, AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { canonicalAddress } from '../identity/address.ts';
import type { Caller } from '../identity/caller.ts';
import { type Asked, type DecisionContext, question, scopesOf } from './authorization-request.ts';
import type { PolicyBundle } from './bundle.ts';
import { type Conditions, strictest } from './obligations.ts';
import { requestContext } from './request-context.ts';
import { policySlices, type Slice } from './slices.ts';
import { placesIn } from './subtree.ts';

/** What a caller asks to have decided as a whole. */
export interface DecisionRequest {
  /** The role that it takes, whose grants the details are. */
  role?: string | undefined;
  details: readonly AuthorizationDetail[];
  /** Whether it takes what is allowed of it, or all or nothing. */
  partial: boolean;
}

/** What policy says of one thing asked for. */
export interface Judgement {
  asked: Asked;
  allowed: boolean;
  /** The policies that permit it, by `@id`. */
  permits: string[];
  /** The policies that forbid it. */
  forbids: string[];
  /** The policies that could not be evaluated. */
  errors: string[];
  /** Of `db/*`: the place in it that is not allowed. Absent when it is not the place but their number. */
  place?: string;
  /** The further conditions that did not allow what policy permits, by name. */
  refusedBy?: string[];
}

export interface PolicyDecision {
  allowed: boolean;
  /** What was allowed: all that was asked for, or with `partial` a part of it. */
  granted: AuthorizationDetail[];
  /** The policies that decided, by `@id`: those that permit when allowed, those that forbid when not. */
  policies: string[];
  /** The policies that could not be evaluated, by `@id`. */
  policyErrors: string[];
  /** What the policies that permitted ask of the token. */
  conditions: Conditions;
}

/** Judges by one bundle. */
export interface PolicyDecisionPoint {
  bundle: PolicyBundle;
  /** Judges everything that a request asks for, one by one, in its order; a role comes first. */
  judge(caller: Caller, request: DecisionRequest, context: DecisionContext): Judgement[];
  /** The locations that stand for a thing asked for, itself if it is one; none of a role, or of too many. */
  placesOf(caller: Caller, asked: Asked): string[];
  /** Whether a policy that has a say in a request may read an attribute. */
  reads(attribute: string, caller: Caller, request: DecisionRequest): boolean;
}

/** How many questions one request may cost: subtrees, for each place that policies name in them. What is beyond is denied. */
const MOST_QUESTIONS = 2_000;

/**
 * A policy decision point over a bundle, which is indexed here, once, and parsed as it is needed.
 *
 * Every (action, location) pair is judged alone. All must be allowed, or nothing is, unless a part was asked for. A
 * policy that errs denies the pair: Cedar skips such a policy, and a skipped `forbid` would grant what it was written to
 * prevent.
 *
 * @see https://docs.cedarpolicy.com/auth/authorization.html
 */
export function policyDecisionPoint(bundle: PolicyBundle): PolicyDecisionPoint {
  const sliceOf = policySlices(bundle);
  const placesOf = placesIn(bundle);
  const around = requestContext(bundle);
  const readByAny = new Set(Object.values(bundle.policies).flatMap(({ reads }) => reads));

  function judgePlace(
    slice: Slice,
    caller: Caller,
    asked: Asked,
    context: DecisionContext,
  ): Omit<Judgement, 'asked' | 'place'> {
    const answer = cedar.statefulIsAuthorized({
      preparsedPolicySetId: slice.preparsedPolicySetId,
      ...question(bundle, around, caller, asked, context, slice),
    });
    if (answer.type === 'failure') throw new Error('Cedar refused an authorization request');
    const { decision, diagnostics } = answer.response;
    // Cedar gives them in no particular order.
    const errors = diagnostics.errors.map(({ policyId }) => policyId).sort();
    const permits = decision === 'allow' ? diagnostics.reason.toSorted() : [];
    const forbids = decision === 'allow' ? [] : diagnostics.reason.toSorted();
    return { allowed: decision === 'allow' && errors.length === 0, permits, forbids, errors };
  }

  function judgeOne(caller: Caller, asked: Asked, places: Asked[], context: DecisionContext): Judgement {
    const slice = sliceFor(caller, places);
    const permits = new Set<string>();
    for (const place of places) {
      const judgement = judgePlace(slice, caller, place, context);
      if (!judgement.allowed) {
        return { asked, ...judgement, ...(place.action !== 'assume' && { place: place.location }) };
      }
      for (const id of judgement.permits) permits.add(id);
    }
    return { asked, allowed: true, permits: [...permits].sort(), forbids: [], errors: [] };
  }

  /** One for all the places: what has a say in any of them. More policies than concern a place decide it no differently. */
  function sliceFor({ subject }: Caller, places: readonly Asked[]): Slice {
    return sliceOf(subject, [...new Set(places.flatMap((place) => scopesOf(bundle, place)))]);
  }

  /** What has to be allowed for a thing to be. */
  function placesAsked({ subject }: Caller, asked: Asked): Asked[] | undefined {
    if (asked.action === 'assume') return [asked];
    return placesOf(subject, asked.location)?.map((location) => ({ ...asked, location }));
  }

  function judge(caller: Caller, request: DecisionRequest, context: DecisionContext): Judgement[] {
    const sourceIp = canonicalAddress(context.sourceIp);
    // Whether or not a policy reads it: what is no address must not be mistaken for one.
    if (sourceIp === undefined) throw new Error('the source address of a request is not an IP address');
    const from = { ...context, sourceIp };
    let left = MOST_QUESTIONS;
    return everythingAsked(request).map((asked) => {
      const places = placesAsked(caller, asked);
      left -= places?.length ?? 0;
      if (places === undefined || left < 0) return { asked, allowed: false, permits: [], forbids: [], errors: [] };
      return judgeOne(caller, asked, places, from);
    });
  }

  function* slicesFor(caller: Caller, request: DecisionRequest): Generator<Slice> {
    for (const asked of everythingAsked(request)) {
      const places = placesAsked(caller, asked);
      if (places !== undefined) yield sliceFor(caller, places);
    }
  }

  return {
    bundle,
    judge,
    placesOf: (caller, asked) =>
      (placesAsked(caller, asked) ?? []).flatMap((place) => (place.action === 'assume' ? [] : [place.location])),
    reads(attribute, caller, request) {
      if (!readByAny.has(attribute) && !readByAny.has('*')) return false;
      for (const { reads } of slicesFor(caller, request)) {
        if (reads.has(attribute) || reads.has('*')) return true;
      }
      return false;
    },
  };
}

/** What the judgements of a request come to: the decision. */
export function conclude(
  judgements: readonly Judgement[],
  { details, partial }: DecisionRequest,
  { policies }: PolicyBundle,
): PolicyDecision {
  const policyErrors = distinct(judgements.flatMap(({ errors }) => errors));
  const pairs = judgements.filter(({ asked }) => asked.action !== 'assume');
  const roleTaken = judgements.every(({ asked, allowed }) => asked.action !== 'assume' || allowed);
  const enough = partial ? pairs.some(({ allowed }) => allowed) : pairs.every(({ allowed }) => allowed);
  if (!roleTaken || !enough || pairs.length === 0) {
    const forbids = distinct(judgements.flatMap(({ forbids }) => forbids));
    return { allowed: false, granted: [], policies: forbids, policyErrors, conditions: strictest([]) };
  }
  const permits = distinct(judgements.filter(({ allowed }) => allowed).flatMap((judgement) => judgement.permits));
  return {
    allowed: true,
    granted: allowedOf(details, pairs),
    policies: permits,
    policyErrors,
    conditions: strictest(permits.map((id) => policies[id]?.obligations ?? {})),
  };
}

/** A role if one is taken, and every (action, location) pair of every entry. */
function everythingAsked({ role, details }: DecisionRequest): Asked[] {
  const pairs = details.flatMap(({ actions, locations, fields }) =>
    locations.flatMap((location) => actions.map((action) => ({ action, location, fields }))),
  );
  return role === undefined ? pairs : [{ action: 'assume', role }, ...pairs];
}

/**
 * What of the details is allowed: each entry's locations together whose allowed actions are the same.
 *
 * @param pairs of all details, in their order
 */
function allowedOf(details: readonly AuthorizationDetail[], pairs: readonly Judgement[]): AuthorizationDetail[] {
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
