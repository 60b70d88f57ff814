import type { Clock } from '../ports.ts';
import type { StatusLists } from './ports.ts';
import { type StatusListRules, statusListUri } from './status-list.ts';

export interface ServeStatusListPorts {
  lists: Pick<StatusLists, 'published' | 'span'>;
  clock: Clock;
}

export type ServedStatusList =
  | { kind: 'published'; token: string; etag: string; maxAge: number }
  /** The caller already has this version. */
  | { kind: 'unchanged'; etag: string; maxAge: number }
  /** The list does not exist or is retired. */
  | { kind: 'not_found'; what: 'status list' }
  /** The list exists, but no valid Status List Token is published. */
  | { kind: 'unavailable' };

/**
 * Serves a status list to any caller (draft-ietf-oauth-status-list-20, section 8.2). Never serves an expired list.
 *
 * @param unverifiedList the number of the list, from the request path
 * @param ifNoneMatch the `If-None-Match` header of the request (RFC 9110, section 13.1.2)
 * @throws DependencyFault if the store fails
 */
export async function serveStatusList(
  unverifiedList: string,
  ifNoneMatch: string | undefined,
  { ttl }: Pick<StatusListRules, 'ttl'>,
  { lists, clock }: ServeStatusListPorts,
): Promise<ServedStatusList> {
  if (!/^[1-9][0-9]{0,8}$/.test(unverifiedList)) return { kind: 'not_found', what: 'status list' };
  const list = Number(unverifiedList);
  const published = await lists.published(list);
  const left = published === undefined ? 0 : Math.floor((published.expiresAt - clock.now()) / 1000);
  if (published === undefined || left <= 0) {
    const { oldest, current } = await lists.span();
    return list >= oldest && list <= current + 1 ? { kind: 'unavailable' } : { kind: 'not_found', what: 'status list' };
  }
  const { token, etag } = published;
  const maxAge = Math.min(ttl, left);
  return names(ifNoneMatch, etag) ? { kind: 'unchanged', etag, maxAge } : { kind: 'published', token, etag, maxAge };
}

/** Returns the URIs of all lists that are in use (section 9.3). */
export async function listStatusLists(
  issuer: string,
  { lists }: Pick<ServeStatusListPorts, 'lists'>,
): Promise<{ status_lists: string[] }> {
  const { oldest, current } = await lists.span();
  const numbers = Array.from({ length: Math.max(0, current - oldest + 1) }, (_, offset) => oldest + offset);
  return { status_lists: numbers.map((list) => statusListUri(issuer, list)) };
}

/** Reports whether an `If-None-Match` header matches an ETag. The comparison is weak, so `W/` is ignored. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  const own = (ifNoneMatch ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return own.includes(etag) || own.includes('*');
}
