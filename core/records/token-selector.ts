import { type Action, type AuthorizationDetail, subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { limits } from '@tvm/contract/limits.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { denialOf, type TokenRecord } from './token-record.ts';

/** What tokens are picked out by, to list them or to take them back. Of several members, all must hold. */
export interface TokenSelector extends Omit<RevocationSelector, 'issuedBefore' | 'all'> {
  action?: Action | undefined;
  sourceIp?: string | undefined;
  /** Milliseconds: decided at that time or before. */
  issuedBefore?: number | undefined;
  /** Milliseconds: decided after that time. */
  issuedAfter?: number | undefined;
  expiresBefore?: number | undefined;
  expiresAfter?: number | undefined;
}

/** What records are indexed by. */
export type Dimension =
  | 'all'
  | 'subject'
  | 'workload'
  | 'task'
  | 'audience'
  /** Each location, and each place that it lies in. */
  | 'resource'
  /** The root of each location that is a subtree; of a denial, the first segment of each location. */
  | 'subtree'
  | 'action'
  | 'policy'
  | 'bundle'
  | 'source'
  /** A token whose record is stored, and whose other entries may not be yet. */
  | 'pending';

/** One entry of a record in the index. */
export interface IndexEntry {
  dimension: Dimension;
  value: string;
}

/** Whether a selector picks out this record. */
export function selects(selector: TokenSelector, record: TokenRecord): boolean {
  const { authorizationDetails: details, decidedAt } = record;
  const is = (wanted: string | undefined, actual: string | undefined) => wanted === undefined || wanted === actual;
  const expiresAt = 'expiresAt' in record ? record.expiresAt : undefined;
  return (
    is(selector.tokenId, record.tokenId) &&
    is(selector.subject, record.subject) &&
    is(selector.workload, record.session) &&
    is(selector.task, record.task) &&
    is(selector.audience, record.audience) &&
    is(selector.policyBundle, record.policyBundle) &&
    is(selector.sourceIp, record.sourceIp) &&
    (selector.policy === undefined || record.policies.includes(selector.policy)) &&
    permits(details, selector.resource, selector.action) &&
    decidedAt <= (selector.issuedBefore ?? decidedAt) &&
    decidedAt > (selector.issuedAfter ?? Number.NEGATIVE_INFINITY) &&
    (selector.expiresBefore === undefined || (expiresAt !== undefined && expiresAt < selector.expiresBefore)) &&
    (selector.expiresAfter === undefined || (expiresAt !== undefined && expiresAt > selector.expiresAfter))
  );
}

/** Whether an entry permits an action (any, if none is named) somewhere in a location (anywhere, if none is named). */
function permits(details: AuthorizationDetail[], location: string | undefined, action: Action | undefined): boolean {
  if (location === undefined && action === undefined) return true;
  return details.some(
    ({ actions, locations }) =>
      (action === undefined || actions.includes(action)) &&
      (location === undefined || locations.some((own) => overlap(own, location))),
  );
}

/** Whether there is a place in both of two locations, each of which may be a subtree. */
export function overlap(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a);
}

/** Whether every place in `inner` is in `outer`: two locations, each of which may be a subtree. */
export function covers(outer: string, inner: string): boolean {
  const root = subtreeRoot(outer);
  return outer === inner || (root !== undefined && isIn(subtreeRoot(inner) ?? inner, root));
}

function isIn(place: string, root: string): boolean {
  return place === root || place.startsWith(`${root}/`);
}

/** A place and all that it lies in: `a/b/c`, `a/b`, `a`. */
function upwards(place: string): string[] {
  const segments = place.split('/');
  return segments.map((_, index) => segments.slice(0, segments.length - index).join('/'));
}

/** A record's place among all others: by the time of its decision (milliseconds), then by its id. */
export function indexPosition(decidedAt: number, tokenId: string): string {
  return `${String(decidedAt).padStart(15, '0')}#${tokenId}`;
}

/** Stored with the record of a token, and removed once the token has all its other entries. */
export const PENDING: IndexEntry = { dimension: 'pending', value: '' };

/** What is known of a record before it is stored. */
type Indexable = Omit<TokenRecord, 'status'>;

/**
 * Every entry that a record has in the index.
 *
 * A denial has few: whoever is denied may ask as often as it likes. Of its locations, each first segment is indexed, under
 * which {@link whereToLook} always looks too. Where even those, with the policies, are more than
 * `limits.denialIndexEntries`, the last are left out: {@link isPartlyIndexed}.
 */
export function indexEntries(record: TokenRecord): IndexEntry[] {
  return denialOf(record) !== undefined
    ? denialEntries(record).slice(0, limits.denialIndexEntries)
    : tokenEntries(record);
}

/** Whether filters by resource or policy may miss this record. */
export function isPartlyIndexed(record: TokenRecord): boolean {
  return denialOf(record) !== undefined && denialEntries(record).length > limits.denialIndexEntries;
}

/** Every entry that a token has in the index. A revocation must miss none, so none is ever left out. */
export function tokenEntries(record: Indexable): IndexEntry[] {
  const locations = locationsOf(record);
  return [
    ...commonEntries(record),
    ...entries(
      'resource',
      locations.flatMap((location) => upwards(subtreeRoot(location) ?? location)),
    ),
    ...entries('subtree', locations.map(subtreeRoot)),
    ...entries('policy', record.policies),
  ];
}

function denialEntries(record: Indexable): IndexEntry[] {
  const roots = locationsOf(record).map((location) => location.split('/')[0]);
  return [...commonEntries(record), ...entries('subtree', roots), ...entries('policy', record.policies)];
}

/** The entries whose number does not depend on what is asked for, in order of importance. */
function commonEntries(record: Indexable): IndexEntry[] {
  return [
    ...entries('all', ['']),
    ...entries('subject', [record.subject]),
    ...entries('workload', [record.session]),
    ...entries('task', [record.task]),
    ...entries('audience', [record.audience || undefined]),
    ...entries('source', [record.sourceIp]),
    ...entries('bundle', [record.policyBundle]),
    ...entries(
      'action',
      record.authorizationDetails.flatMap(({ actions }) => actions),
    ),
  ];
}

function entries(dimension: Dimension, values: readonly (string | undefined)[]): IndexEntry[] {
  return [...new Set(values)].flatMap((value) => (value === undefined ? [] : { dimension, value }));
}

function locationsOf({ authorizationDetails }: Indexable): string[] {
  return authorizationDetails.flatMap(({ locations }) => locations);
}

/**
 * Where in the index everything is that a selector may pick out: under the narrowest of its members. Not everything
 * there need be picked out: {@link selects} tells. A selector of one token needs no index.
 */
export function whereToLook(selector: TokenSelector): IndexEntry[] {
  const at = (dimension: Dimension, value: string | undefined): IndexEntry[] | undefined =>
    value === undefined ? undefined : [{ dimension, value }];
  return (
    at('task', selector.task) ??
    at('workload', selector.workload) ??
    at('subject', selector.subject) ??
    placesOf(selector.resource) ??
    at('source', selector.sourceIp) ??
    at('policy', selector.policy) ??
    at('audience', selector.audience) ??
    at('bundle', selector.policyBundle) ??
    at('action', selector.action) ?? [{ dimension: 'all', value: '' }]
  );
}

/** What permits something at a location has it, or lies in it, or is a subtree that it lies in. */
function placesOf(location: string | undefined): IndexEntry[] | undefined {
  if (location === undefined) return undefined;
  const place = subtreeRoot(location) ?? location;
  return [
    { dimension: 'resource', value: place },
    ...upwards(place).map((value): IndexEntry => ({ dimension: 'subtree', value })),
  ];
}
