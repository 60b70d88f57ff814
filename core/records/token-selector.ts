import { type Action, type AuthorizationDetail, subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { limits } from '@tvm/contract/limits.ts';
import type { RevocationSelector } from '@tvm/contract/selector.ts';
import { denialOf, type TokenRecord } from './token-record.ts';

/** A selector of tokens, to list or to revoke them. A token must match all of its properties. */
export interface TokenSelector extends Omit<RevocationSelector, 'issuedBefore' | 'all'> {
  action?: Action | undefined;
  sourceIp?: string | undefined;
  /** Selects tokens that were decided at this time or before, in milliseconds since the epoch. */
  issuedBefore?: number | undefined;
  /** Selects tokens that were decided after this time, in milliseconds since the epoch. */
  issuedAfter?: number | undefined;
  expiresBefore?: number | undefined;
  expiresAfter?: number | undefined;
}

/** The dimensions of the index. */
export type Dimension =
  | 'all'
  | 'subject'
  | 'workload'
  | 'task'
  | 'audience'
  /** Each location and each of its ancestors. */
  | 'resource'
  /** The root of each location that is a subtree; for a denial, the first segment of each location. */
  | 'subtree'
  | 'action'
  | 'policy'
  | 'bundle'
  | 'source'
  /** A token whose record is stored, but whose other entries may not be stored yet. */
  | 'pending';

/** One entry of a record in the index. */
export interface IndexEntry {
  dimension: Dimension;
  value: string;
}

/** Reports whether a selector matches a record. */
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

/** Reports whether an entry permits an action at a location. An undefined action or location matches any. */
function permits(details: AuthorizationDetail[], location: string | undefined, action: Action | undefined): boolean {
  if (location === undefined && action === undefined) return true;
  return details.some(
    ({ actions, locations }) =>
      (action === undefined || actions.includes(action)) &&
      (location === undefined || locations.some((own) => overlap(own, location))),
  );
}

/** Reports whether two locations have a path in common. Each may be a subtree. */
export function overlap(a: string, b: string): boolean {
  return covers(a, b) || covers(b, a);
}

/** Reports whether every path in `inner` is in `outer`. Each may be a subtree. */
export function covers(outer: string, inner: string): boolean {
  const root = subtreeRoot(outer);
  return outer === inner || (root !== undefined && isIn(subtreeRoot(inner) ?? inner, root));
}

function isIn(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** Returns a path and all its ancestors: `a/b/c`, `a/b`, `a`. */
function upwards(path: string): string[] {
  const segments = path.split('/');
  return segments.map((_, index) => segments.slice(0, segments.length - index).join('/'));
}

/** Returns the sort key of a record in the index: the time of its decision in milliseconds, then its ID. */
export function indexPosition(decidedAt: number, tokenId: string): string {
  return `${String(decidedAt).padStart(15, '0')}#${tokenId}`;
}

/** The entry that is stored with the record of a token, and removed once all its other entries are stored. */
export const PENDING: IndexEntry = { dimension: 'pending', value: '' };

/** The properties of a record that are known before it is stored. */
type Indexable = Omit<TokenRecord, 'status'>;

/**
 * Returns the index entries of a record.
 *
 * A denial has few entries, because nothing stops a caller from sending requests that are denied. Only the first
 * segment of each of its locations is indexed, and {@link whereToLook} always reads those entries too. Entries beyond
 * `limits.denialIndexEntries` are left out, see {@link isPartlyIndexed}.
 */
export function indexEntries(record: TokenRecord): IndexEntry[] {
  return denialOf(record) !== undefined
    ? denialEntries(record).slice(0, limits.denialIndexEntries)
    : tokenEntries(record);
}

/** Reports whether filters by resource or policy may miss this record. */
export function isPartlyIndexed(record: TokenRecord): boolean {
  return denialOf(record) !== undefined && denialEntries(record).length > limits.denialIndexEntries;
}

/** Returns the index entries of a token. None is ever left out, because a revocation must find every token. */
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

/** Returns the entries whose number does not depend on the request, in order of importance. */
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
 * Returns the index entries under which all tokens that match a selector are found: those of its narrowest property.
 * Other records may have the same entries, so filter with {@link selects}. A selector with a token ID needs no index.
 */
export function whereToLook(selector: TokenSelector): IndexEntry[] {
  const at = (dimension: Dimension, value: string | undefined): IndexEntry[] | undefined =>
    value === undefined ? undefined : [{ dimension, value }];
  return (
    at('task', selector.task) ??
    at('workload', selector.workload) ??
    at('subject', selector.subject) ??
    entriesOverlapping(selector.resource) ??
    at('source', selector.sourceIp) ??
    at('policy', selector.policy) ??
    at('audience', selector.audience) ??
    at('bundle', selector.policyBundle) ??
    at('action', selector.action) ?? [{ dimension: 'all', value: '' }]
  );
}

/** Returns the entries of all locations that overlap a location: itself, its descendants and the subtrees it is in. */
function entriesOverlapping(location: string | undefined): IndexEntry[] | undefined {
  if (location === undefined) return undefined;
  const path = subtreeRoot(location) ?? location;
  return [
    { dimension: 'resource', value: path },
    ...upwards(path).map((value): IndexEntry => ({ dimension: 'subtree', value })),
  ];
}
