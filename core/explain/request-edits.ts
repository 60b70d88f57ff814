import type { Action, AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { writeDuration } from '@tvm/contract/duration.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';
import type { TokenDecision } from '../issuing/token-decision.ts';
import type { PolicyBundle } from '../policy/bundle.ts';
import type { Conjunct } from '../policy/conjuncts.ts';
import { conclude, type ItemDecision } from '../policy/decision-point.ts';

/** Placeholder for the reason, which only the caller knows. */
export const A_REASON = '…';

/** The aspect of a request that an edit changes. A change has at most one edit per dimension. */
export type Dimension = 'reason' | 'lifetime' | 'fields' | 'audience' | 'pairs' | 'locations' | 'actions';

/** One modification of a request. The modified request has not been evaluated yet. */
export interface Edit {
  dimension: Dimension;
  request: RequestParameters;
  /** An instruction, without a capital letter and a full stop. */
  sentence: string;
}

/** How far an edit departs from the original request. The search prefers low costs. */
export const COSTS: Record<Dimension, number> = {
  reason: 1,
  lifetime: 2,
  fields: 3,
  audience: 4,
  pairs: 5,
  locations: 6,
  actions: 9,
};

/** The obstacles to one requested item. */
export interface Obstacle {
  itemDecision: ItemDecision;
  /** Conditions that would need a different result, as far as the reader may see them. */
  conjuncts: Conjunct[];
  /** For a subtree: locations in it that the caller may request instead. */
  places: string[];
}

export interface EditSources {
  bundle: PolicyBundle;
  maxLifetime: number;
  /** Returns those of the locations on which all the actions are allowed. */
  allowedOf(locations: string[], actions: Action[], fields: string[] | undefined): string[];
}

type Denied = TokenDecision & { kind: 'denied' };

/** Maximum number of values to try for one parameter. */
const MAX_VALUES = 6;

/** The edits that the obstacles suggest, for each parameter the most promising first. */
export function editsOf(
  request: RequestParameters,
  denied: Denied,
  obstacles: readonly Obstacle[],
  sources: EditSources,
): Edit[] {
  if (denied.denial === 'reason_missing') {
    return [{ dimension: 'reason', request: { ...request, reason: A_REASON }, sentence: 'give a reason' }];
  }
  const conjuncts = obstacles.flatMap((obstacle) => obstacle.conjuncts);
  return [
    ...lifetimeEdits(request, denied, conjuncts, sources.maxLifetime),
    ...fields(request, obstacles),
    ...audiences(request, denied, conjuncts),
    ...pairs(request, denied, sources.bundle),
    ...narrower(request, obstacles, sources),
    ...otherActions(request, denied, sources.bundle),
  ];
}

function lifetimeEdits(
  request: RequestParameters,
  { asking }: Denied,
  conjuncts: readonly Conjunct[],
  max: number,
): Edit[] {
  const { lifetime } = asking;
  const away = (seconds: number) => Math.abs(seconds - lifetime);
  return reading('lifetime', conjuncts)
    .flatMap(({ numbers }) => numbers.flatMap((seconds) => [seconds, seconds - 1, seconds + 1]))
    .filter((seconds, index, all) => all.indexOf(seconds) === index)
    .filter((seconds) => seconds >= 1 && seconds <= max && seconds !== lifetime)
    .sort((a, b) => away(a) - away(b))
    .slice(0, MAX_VALUES)
    .map((seconds) => ({
      dimension: 'lifetime',
      request: { ...request, expires_in: seconds },
      sentence: `ask for ${writeDuration(seconds)} instead of ${writeDuration(lifetime)}`,
    }));
}

function audiences(
  { resource: _, ...request }: RequestParameters,
  { asking }: Denied,
  conjuncts: readonly Conjunct[],
): Edit[] {
  return [...new Set(reading('audience', conjuncts).flatMap(({ strings }) => strings))]
    .filter((audience) => audience !== asking.audience)
    .slice(0, MAX_VALUES)
    .map((audience) => ({
      dimension: 'audience',
      request: { ...request, audience },
      sentence: `ask for audience ${audience}`,
    }));
}

/** Requests only the fields that policies name, without the fields that a `forbid` looks for. */
function fields(request: RequestParameters, obstacles: readonly Obstacle[]): Edit[] {
  const { authorization_details: details } = request;
  if (details === undefined) return [];
  const literals = reading(
    'fields',
    obstacles.flatMap(({ conjuncts }) => conjuncts),
  );
  const protectedFields = new Set(
    reading(
      'fields',
      obstacles.filter(({ itemDecision }) => itemDecision.forbids.length > 0).flatMap(({ conjuncts }) => conjuncts),
    ).flatMap(({ strings }) => strings),
  );
  const sets = literals.flatMap(({ sets }) => sets).filter((set) => set.length > 0);
  const failing = new Set(obstacles.map(({ itemDecision }) => itemDecision.item));
  const isFailing = (detail: AuthorizationDetail) =>
    [...failing].some((item) => item.role === undefined && isOf(detail, item));
  return [undefined, ...sets].slice(0, MAX_VALUES).flatMap((set): Edit[] => {
    const named = new Set<string>();
    const changed = details.map((detail) => {
      if (!isFailing(detail)) return detail;
      const wanted = (detail.fields ?? set ?? []).filter(
        (field) => !protectedFields.has(field) && (set === undefined || set.includes(field)),
      );
      for (const field of wanted) named.add(field);
      return wanted.length === 0 ? detail : { ...detail, fields: wanted };
    });
    if (named.size === 0) return [];
    const sentence = `name ${named.size === 1 ? 'field' : 'fields'} ${[...named].join(', ')} only`;
    return [{ dimension: 'fields', request: { ...request, authorization_details: changed }, sentence }];
  });
}

function isOf(detail: AuthorizationDetail, item: { action: Action; location: string; fields?: unknown }): boolean {
  return (
    detail.fields === item.fields && detail.locations.includes(item.location) && detail.actions.includes(item.action)
  );
}

/** Removes the denied pairs. */
function pairs(request: RequestParameters, { asking, itemDecisions }: Denied, bundle: PolicyBundle): Edit[] {
  const { allowed, granted } = conclude(itemDecisions, { ...asking, partial: true }, bundle);
  if (!allowed || asking.partial) return [];
  const left = itemDecisions.filter((itemDecision) => !itemDecision.allowed);
  if (request.authorization_details === undefined) {
    return [{ dimension: 'pairs', request: { ...request, grant: 'partial' }, sentence: 'accept the allowed part' }];
  }
  const kept = new Set(granted.flatMap(({ actions }) => actions));
  const [only, ...more] = kept;
  const otherwise = left.every(({ item }) => item.action !== only);
  const sentence =
    only !== undefined && more.length === 0 && otherwise ? `ask for ${only} only` : `leave out ${listed(left)}`;
  return [{ dimension: 'pairs', request: { ...request, authorization_details: granted }, sentence }];
}

function listed(itemDecisions: readonly ItemDecision[]): string {
  if (itemDecisions.length > 3) return `the ${itemDecisions.length} that are not allowed`;
  return itemDecisions
    .map(({ item }) => (item.role !== undefined ? '' : `${item.action} ${item.location}`))
    .join(' and ');
}

/** Requests the allowed locations in a subtree instead of the whole subtree. */
function narrower(request: RequestParameters, obstacles: readonly Obstacle[], { allowedOf }: EditSources): Edit[] {
  const { authorization_details: details } = request;
  const placesOf = new Map(
    obstacles.flatMap(({ itemDecision: { item }, places }) =>
      item.role !== undefined ? [] : [[item.location, places]],
    ),
  );
  if (details === undefined || ![...placesOf.values()].some((places) => places.length > 0)) return [];
  const replaced: string[] = [];
  const changed = details.flatMap((detail) => {
    const locations = detail.locations.flatMap((location) => {
      const places = placesOf.get(location);
      if (places === undefined || places.length === 0 || subtreeRoot(location) === undefined) return [location];
      const allowed = widest(allowedOf(places, detail.actions, detail.fields));
      if (allowed.length === 0) return [location];
      replaced.push(`${allowed.join(', ')} instead of ${location}`);
      return allowed;
    });
    return [{ ...detail, locations: [...new Set(locations)] }];
  });
  if (replaced.length === 0) return [];
  const sentence = `ask for ${[...new Set(replaced)].join(' and ')}`;
  return [{ dimension: 'locations', request: { ...request, authorization_details: changed }, sentence }];
}

/** Removes the locations that another location contains. */
function widest(locations: readonly string[]): string[] {
  return locations.filter(
    (location) =>
      !locations.some((other) => {
        const root = subtreeRoot(other);
        const self = subtreeRoot(location) ?? location;
        return root !== undefined && other !== location && (self === root || self.startsWith(`${root}/`));
      }),
  );
}

/** Requests another action that the schema declares if nothing is allowed. */
function otherActions(
  request: RequestParameters,
  { asking, itemDecisions }: Denied,
  { actions: known }: PolicyBundle,
): Edit[] {
  const { authorization_details: details } = request;
  if (details === undefined || itemDecisions.some(({ allowed }) => allowed)) return [];
  const actions = new Set(asking.details.flatMap((detail) => detail.actions));
  const [only, ...more] = actions;
  if (only === undefined || more.length > 0) return [];
  const others = Object.keys(known).filter((action) => action !== only);
  return others.slice(0, MAX_VALUES).map((other) => {
    const changed = details.map((detail) => ({ ...detail, actions: [other] }));
    const sentence = `ask for ${other} instead of ${only}`;
    return { dimension: 'actions', request: { ...request, authorization_details: changed }, sentence };
  });
}

function reading(attribute: string, conjuncts: readonly Conjunct[]) {
  return conjuncts.flatMap(({ literals }) => (literals.attributes.has(attribute) ? [literals] : []));
}
