import { boundedText } from '@tvm/contract/bounded-text.ts';

/** Maximum length of a response, in bytes. */
export const RESPONSE_BYTES = 262_144;

/** Error codes of a request on a connection that the server had already closed. */
const CLOSED: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/**
 * Sends a request to an external service. The request must be idempotent, since it may be sent twice.
 *
 * Redirects are not followed, because they could send the request to a different server.
 *
 * @param timeout maximum time for the whole response, in milliseconds
 * @throws if there is no response in time, or if it is a redirect or too long
 */
export async function boundedFetch(
  url: string,
  request: RequestInit,
  timeout: number,
): Promise<{ status: number; text: string }> {
  const response = await send(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(timeout) });
  return { status: response.status, text: await boundedText(response, RESPONSE_BYTES) };
}

/** Retries once on a closed connection. After a function was frozen, its pooled connections may have been closed. */
async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    if (!CLOSED.includes(code)) throw error;
    return await fetch(url, request);
  }
}
