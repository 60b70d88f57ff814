import { getListFromStatusListJWT, type StatusList } from '@sd-jwt/jwt-status-list';
import { createRemoteJWKSet, jwtVerify } from 'jose';

interface CachedList {
  statuses: StatusList;
  etag: string;
  iat: number;
  ttl: number;
  /** Milliseconds since the epoch: until when the list is used without a request, and when it expires. */
  freshUntil: number;
  expiresAt: number;
}

/**
 * Creates a function that reports whether a verified token is revoked. It throws if the status is unknown: reject the
 * token then.
 */
export function revocationCheck(issuer: string) {
  // Not the keys of tokens: these keys sign only status lists.
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/status-list-keys.json`), { cacheMaxAge: 300_000 });
  const cache = new Map<string, CachedList>();

  /** Fetches the published list. Returns `previous` if the list has not changed. */
  async function fetchList(uri: string, previous?: CachedList): Promise<CachedList> {
    const response = await fetch(uri, {
      headers: { accept: 'application/statuslist+jwt', ...(previous && { 'if-none-match': previous.etag }) },
      redirect: 'error',
      signal: AbortSignal.timeout(2_000),
    });
    const now = Date.now();
    if (previous && response.status === 304)
      return { ...previous, freshUntil: Math.min(now + previous.ttl * 1000, previous.expiresAt) };
    if (response.status !== 200) throw new Error(`the status list request got ${response.status}`);
    const token = await response.text();
    const { payload } = await jwtVerify<{ iat: number; exp: number; ttl: number }>(token, keys, {
      algorithms: ['ES256'],
      typ: 'statuslist+jwt',
      issuer,
      subject: uri, // or it is another list
      requiredClaims: ['iat', 'exp', 'ttl', 'status_list'],
      clockTolerance: 5,
    });
    const { iat, exp, ttl } = payload;
    if (previous && iat < previous.iat) throw new Error('the status list is older than the one before');
    const expiresAt = exp * 1000;
    return {
      statuses: getListFromStatusListJWT(token),
      etag: response.headers.get('etag') ?? '',
      iat,
      ttl,
      freshUntil: Math.min(now + Math.max(ttl, 5) * 1000, expiresAt),
      expiresAt,
    };
  }

  async function listAt(uri: string): Promise<StatusList> {
    const previous = cache.get(uri);
    if (previous && Date.now() < previous.freshUntil) return previous.statuses;
    try {
      const list = await fetchList(uri, previous);
      cache.set(uri, list);
      return list.statuses;
    } catch (error) {
      // The previous list remains usable until it expires. To reject tokens at once instead, always throw.
      if (previous && Date.now() < previous.expiresAt) return previous.statuses;
      throw error;
    }
  }

  return async ({ status }: { status: { status_list: { idx: number; uri: string } } }): Promise<boolean> => {
    const { idx, uri } = status.status_list;
    if (!uri.startsWith(`${issuer}/status-lists/`)) throw new Error('the status list belongs to another issuer');
    // Throws if the list does not have this index.
    return (await listAt(uri)).getStatus(idx) !== 0;
  };
}
