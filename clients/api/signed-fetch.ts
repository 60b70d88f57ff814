import { type Credentials, signedHeaders } from './signature.ts';

/**
 * `fetch` that signs each request with AWS Signature Version 4 for API Gateway (service `execute-api`).
 *
 * It retries nothing: only the caller knows whether a request may be repeated.
 *
 * @param credentials the caller's identity
 * @param region the API's AWS region, e.g. `eu-central-1`
 *
 * @example
 * const request = signedFetch(credentials, 'eu-central-1');
 * const response = await request(`${issuer}/token`, { method: 'POST', headers, body: JSON.stringify(parameters) });
 */
export function signedFetch(
  credentials: Credentials,
  region: string,
): (url: string, init?: RequestInit & { body?: string }) => Promise<Response> {
  return async (url, init = {}) => {
    const headers = await signedHeaders({
      method: init.method ?? 'GET',
      url,
      headers: Object.fromEntries(new Headers(init.headers)),
      ...(init.body !== undefined && { body: init.body }),
      service: 'execute-api',
      region,
      credentials,
    });
    return fetch(url, { ...init, headers });
  };
}
