import { getListFromStatusListJWT, type StatusList } from '@sd-jwt/jwt-status-list';
import { createRemoteJWKSet, jwtVerify } from 'jose';

interface KeptList {
  statuses: StatusList;
  etag: string;
  iat: number;
  ttl: number;
  /** Times in milliseconds: until when the list is used without a request, and when it expires. */
  freshUntil: number;
  endsAt: number;
}

/** Returns a function that reports whether a verified token was revoked. If it throws, refuse the token. */
export function revocationCheck(issuer: string) {
  // Not the keys for tokens: these keys sign only status lists.
  const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/status-list-keys.json`), { cacheMaxAge: 300_000 });
  const kept = new Map<string, KeptList>();

  /** Fetches the current list. Returns `had` with a new time if the list has not changed. */
  async function fetchList(uri: string, had?: KeptList): Promise<KeptList> {
    const answer = await fetch(uri, {
      headers: { accept: 'application/statuslist+jwt', ...(had && { 'if-none-match': had.etag }) },
      redirect: 'error',
      signal: AbortSignal.timeout(2_000),
    });
    const now = Date.now();
    if (had && answer.status === 304) return { ...had, freshUntil: Math.min(now + had.ttl * 1000, had.endsAt) };
    if (answer.status !== 200) throw new Error(`the status list was answered with ${answer.status}`);
    const token = await answer.text();
    const { payload } = await jwtVerify<{ iat: number; exp: number; ttl: number }>(token, keys, {
      algorithms: ['ES256'],
      typ: 'statuslist+jwt',
      issuer,
      subject: uri, // otherwise it is another list
      requiredClaims: ['iat', 'exp', 'ttl', 'status_list'],
      clockTolerance: 5,
    });
    const { iat, exp, ttl } = payload;
    if (had && iat < had.iat) throw new Error('the status list is older than the one before');
    const endsAt = exp * 1000;
    return {
      statuses: getListFromStatusListJWT(token),
      etag: answer.headers.get('etag') ?? '',
      iat,
      ttl,
      freshUntil: Math.min(now + Math.max(ttl, 5) * 1000, endsAt),
      endsAt,
    };
  }

  async function listAt(uri: string): Promise<StatusList> {
    const had = kept.get(uri);
    if (had && Date.now() < had.freshUntil) return had.statuses;
    try {
      const list = await fetchList(uri, had);
      kept.set(uri, list);
      return list.statuses;
    } catch (error) {
      // Until it expires, the previous list is still valid. To refuse at once instead, always throw.
      if (had && Date.now() < had.endsAt) return had.statuses;
      throw error;
    }
  }

  return async ({ status }: { status: { status_list: { idx: number; uri: string } } }): Promise<boolean> => {
    const { idx, uri } = status.status_list;
    if (!uri.startsWith(`${issuer}/status-lists/`)) throw new Error('the status list is somebody else’s');
    // Throws if the index is out of bounds.
    return (await listAt(uri)).getStatus(idx) !== 0;
  };
}
