import type { Clock } from '../ports.ts';
import type { StatusLists } from './ports.ts';
import { type StatusListRules, statusListUri } from './status-list.ts';

export interface ServeStatusListPorts {
  lists: Pick<StatusLists, 'published' | 'span'>;
  clock: Clock;
}

export type ServedStatusList =
  | { kind: 'published'; token: string; etag: string; maxAge: number }
  /** Whoever asks has it already. */
  | { kind: 'unchanged'; etag: string; maxAge: number }
  /** There is no such list, or none any more. */
  | { kind: 'not_found'; what: 'status list' }
  /** There is such a list, but nothing that holds can be said of it now. */
  | { kind: 'unavailable' };

/**
 * A status list for whoever asks (draft-ietf-oauth-status-list-20, section 8.2). One that has ended is never served.
 *
 * @param unverifiedList the list's number, as the path says it
 * @param ifNoneMatch the ETags of what the caller has, as its header says them (RFC 9110, section 13.1.2)
 * @throws DependencyFault when the store fails
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

/** Where the lists are that tokens have their places in (section 9.3). */
export async function listStatusLists(
  issuer: string,
  { lists }: Pick<ServeStatusListPorts, 'lists'>,
): Promise<{ status_lists: string[] }> {
  const { oldest, current } = await lists.span();
  const numbers = Array.from({ length: Math.max(0, current - oldest + 1) }, (_, offset) => oldest + offset);
  return { status_lists: numbers.map((list) => statusListUri(issuer, list)) };
}

/** Whether a list of ETags has this one: `*` is any, and `W/` makes no difference here. */
function names(ifNoneMatch: string | undefined, etag: string): boolean {
  const own = (ifNoneMatch ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return own.includes(etag) || own.includes('*');
}
