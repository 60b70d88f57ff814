import { boundedFetch } from './bounded-fetch.ts';

/**
 * Asks a decision service: one POST of JSON, answered by JSON. What the answer says of its own type is not looked at: it is
 * JSON or it is nothing.
 *
 * @param timeout for the whole answer, in milliseconds
 * @throws when there is no answer in time, none with status 200, a longer one than is read, or none in JSON
 */
export async function postJson(url: string, body: unknown, timeout: number): Promise<unknown> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  };
  const { status, text } = await boundedFetch(url, request, timeout);
  if (status !== 200) throw new Error(`answered with status ${status}`);
  return JSON.parse(text);
}
