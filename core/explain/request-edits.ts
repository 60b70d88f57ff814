import type { Action, AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { writeDuration } from '@tvm/contract/duration.ts';
import type { Asked } from '@tvm/contract/token.ts';
import type { TokenDecision } from '../issuing/token-decision.ts';
import type { PolicyBundle } from '../policy/bundle.ts';
import type { Conjunct } from '../policy/conjuncts.ts';
import { conclude, type Judgement } from '../policy/decision-point.ts';

/** Stands where a reason is to be given: the machine cannot know it. */
export const A_REASON = '…';

/** What of a request an edit changes. Each is changed once. */
export type Dimension = 'reason' | 'lifetime' | 'fields' | 'audience' | 'pairs' | 'locations' | 'actions';

/** One way to ask for something else. Whether it would be allowed is still to be decided. */
export interface Edit {
  dimension: Dimension;
  request: Asked;
  /** What to do, without a capital and a full stop. */
  sentence: string;
}

/** What a change takes away from what was wanted: the search prefers less. */
export const COSTS: Record<Dimension, number> = {
  reason: 1,
  lifetime: 2,
  fields: 3,
  audience: 4,
  pairs: 5,
  locations: 6,
  actions: 9,
};

/** What stands in the way of one thing that was asked for. */
export interface Obstacle {
  judgement: Judgement;
  /** The conditions that would have to turn out otherwise, as far as the reader may read them. */
  conjuncts: Conjunct[];
  /** Of a subtree: places in it that may be asked for instead. */
  places: string[];
}

export interface EditSources {
  bundle: PolicyBundle;
  maxLifetime: number;
  /** Of these locations, those on which all of the actions are allowed, as things stand. */
  allowedOf(locations: string[], actions: Action[], fields: string[] | undefined): string[];
}

type Denied = TokenDecision & { kind: 'denied' };

/** How many values are tried for one parameter. */
const MOST_VALUES = 6;

/** The edits that what stands in the way suggests, for each parameter the likeliest first. */
export function editsOf(request: Asked, denied: Denied, obstacles: readonly Obstacle[], sources: EditSources): Edit[] {
  if (denied.denial === 'reason_missing') {
    return [{ dimension: 'reason', request: { ...request, reason: A_REASON }, sentence: 'give a reason' }];
  }
  const conjuncts = obstacles.flatMap((obstacle) => obstacle.conjuncts);
  return [
    ...lifetimes(request, denied, conjuncts, sources.maxLifetime),
    ...fields(request, obstacles),
    ...audiences(request, denied, conjuncts),
    ...pairs(request, denied, sources.bundle),
    ...narrower(request, obstacles, sources),
    ...otherActions(request, denied),
  ];
}

function lifetimes(request: Asked, { asking }: Denied, conjuncts: readonly Conjunct[], most: number): Edit[] {
  const { lifetime } = asking;
  const away = (seconds: number) => Math.abs(seconds - lifetime);
  return reading('lifetime', conjuncts)
    .flatMap(({ numbers }) => numbers.flatMap((seconds) => [seconds, seconds - 1, seconds + 1]))
    .filter((seconds, index, all) => all.indexOf(seconds) === index)
    .filter((seconds) => seconds >= 1 && seconds <= most && seconds !== lifetime)
    .sort((a, b) => away(a) - away(b))
    .slice(0, MOST_VALUES)
    .map((seconds) => ({
      dimension: 'lifetime',
      request: { ...request, expires_in: seconds },
      sentence: `ask for ${writeDuration(seconds)} instead of ${writeDuration(lifetime)}`,
    }));
}

function audiences({ resource: _, ...request }: Asked, { asking }: Denied, conjuncts: readonly Conjunct[]): Edit[] {
  return [...new Set(reading('audience', conjuncts).flatMap(({ strings }) => strings))]
    .filter((audience) => audience !== asking.audience)
    .slice(0, MOST_VALUES)
    .map((audience) => ({
      dimension: 'audience',
      request: { ...request, audience },
      sentence: `ask for audience ${audience}`,
    }));
}

/** Names the fields that policies name, and leaves out those that a `forbid` looks for. */
function fields(request: Asked, obstacles: readonly Obstacle[]): Edit[] {
  const { authorization_details: details } = request;
  if (details === undefined) return [];
  const literals = reading(
    'fields',
    obstacles.flatMap(({ conjuncts }) => conjuncts),
  );
  const protectedFields = new Set(
    reading(
      'fields',
      obstacles.filter(({ judgement }) => judgement.forbids.length > 0).flatMap(({ conjuncts }) => conjuncts),
    ).flatMap(({ strings }) => strings),
  );
  const sets = literals.flatMap(({ sets }) => sets).filter((set) => set.length > 0);
  const failing = new Set(obstacles.map(({ judgement }) => judgement.asked));
  const isFailing = (detail: AuthorizationDetail) =>
    [...failing].some((asked) => asked.action !== 'assume' && isOf(detail, asked));
  return [undefined, ...sets].slice(0, MOST_VALUES).flatMap((set): Edit[] => {
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

function isOf(detail: AuthorizationDetail, asked: { action: Action; location: string; fields?: unknown }): boolean {
  return (
    detail.fields === asked.fields && detail.locations.includes(asked.location) && detail.actions.includes(asked.action)
  );
}

/** Leaves out what is not allowed. */
function pairs(request: Asked, { asking, judgements }: Denied, bundle: PolicyBundle): Edit[] {
  const { allowed, granted } = conclude(judgements, { ...asking, partial: true }, bundle);
  if (!allowed || asking.partial) return [];
  const left = judgements.filter((judgement) => !judgement.allowed);
  if (request.authorization_details === undefined) {
    return [{ dimension: 'pairs', request: { ...request, grant: 'partial' }, sentence: 'take what is allowed of it' }];
  }
  const kept = new Set(granted.flatMap(({ actions }) => actions));
  const [only, ...more] = kept;
  const otherwise = left.every(({ asked }) => asked.action !== only);
  const sentence =
    only !== undefined && more.length === 0 && otherwise ? `ask for ${only} only` : `leave out ${listed(left)}`;
  return [{ dimension: 'pairs', request: { ...request, authorization_details: granted }, sentence }];
}

function listed(judgements: readonly Judgement[]): string {
  if (judgements.length > 3) return `the ${judgements.length} that are not allowed`;
  return judgements
    .map(({ asked }) => (asked.action === 'assume' ? '' : `${asked.action} ${asked.location}`))
    .join(' and ');
}

/** Asks for the places in a subtree that are allowed instead of all of it. */
function narrower(request: Asked, obstacles: readonly Obstacle[], { allowedOf }: EditSources): Edit[] {
  const { authorization_details: details } = request;
  const placesOf = new Map(
    obstacles.flatMap(({ judgement: { asked }, places }) =>
      asked.action === 'assume' ? [] : [[asked.location, places]],
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

/** Without what lies in another of them. */
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

/** Asks for the other action, where nothing is allowed as it was asked for. */
function otherActions(request: Asked, { asking, judgements }: Denied): Edit[] {
  const { authorization_details: details } = request;
  if (details === undefined || judgements.some(({ allowed }) => allowed)) return [];
  const actions = new Set(asking.details.flatMap((detail) => detail.actions));
  const [only, ...more] = actions;
  if (only === undefined || more.length > 0) return [];
  const other: Action = only === 'read' ? 'write' : 'read';
  const changed = details.map((detail) => ({ ...detail, actions: [other] }));
  const sentence = `ask for ${other} instead of ${only}`;
  return [{ dimension: 'actions', request: { ...request, authorization_details: changed }, sentence }];
}

function reading(attribute: string, conjuncts: readonly Conjunct[]) {
  return conjuncts.flatMap(({ literals }) => (literals.attributes.has(attribute) ? [literals] : []));
}
