/** The longest answer that is read, in bytes. */
const ANSWER_BYTES = 262_144;

/** What a connection that the other side had closed fails with. */
const CLOSED: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/**
 * Asks a decision service: one POST of JSON, answered by JSON.
 *
 * It follows no redirect, which could lead the question, or the answer, elsewhere. What the answer says of its own type
 * is not looked at: it is JSON or it is nothing.
 *
 * @param timeout for the whole answer, in milliseconds
 * @throws when there is no answer in time, none with status 200, a longer one than is read, or none in JSON
 */
export async function postJson(url: string, body: unknown, timeout: number): Promise<unknown> {
  const request: RequestInit = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.timeout(timeout),
  };
  const response = await send(url, request);
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`answered with status ${response.status}`);
  }
  return JSON.parse(await read(response));
}

/**
 * A function that was frozen finds its connections closed when it tries them. To ask anew is safe: a question changes
 * nothing.
 */
async function send(url: string, request: RequestInit): Promise<Response> {
  try {
    return await fetch(url, request);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { code?: unknown };
    if (!CLOSED.includes(code)) throw error;
    return await fetch(url, request);
  }
}

async function read(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > ANSWER_BYTES) throw new Error(`answered with more than ${ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
