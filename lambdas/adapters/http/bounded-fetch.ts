import { boundedText } from '@tvm/contract/bounded-text.ts';

/** The longest answer that is read, in bytes. */
const ANSWER_BYTES = 262_144;

/** What a connection that the other side had closed fails with. */
const CLOSED: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/**
 * One request to somebody else's service, for what does no harm when it arrives twice.
 *
 * It follows no redirect, which could lead what is sent, or the answer, elsewhere.
 *
 * @param timeout for the whole answer, in milliseconds
 * @throws when there is no answer in time, one that leads elsewhere, or a longer one than is read
 */
export async function boundedFetch(
  url: string,
  request: RequestInit,
  timeout: number,
): Promise<{ status: number; text: string }> {
  const response = await send(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(timeout) });
  return { status: response.status, text: await boundedText(response, ANSWER_BYTES) };
}

/** A function that was frozen finds its connections closed when it tries them: it asks anew. */
async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    if (!CLOSED.includes(code)) throw error;
    return await fetch(url, request);
  }
}
