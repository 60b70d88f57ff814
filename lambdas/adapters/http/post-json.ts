import { boundedFetch } from './bounded-fetch.ts';

/**
 * Sends a POST request with a JSON body to a policy decision point and returns the JSON response. The response's
 * content type is ignored.
 *
 * @param timeout maximum time for the whole response, in milliseconds
 * @throws if there is no response in time, or if it is too long, not JSON, or has a status other than 200
 */
export async function postJson(url: string, body: unknown, timeout: number): Promise<unknown> {
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  };
  const { status, text } = await boundedFetch(url, request, timeout);
  if (status !== 200) throw new Error(`responded with status ${status}`);
  return JSON.parse(text);
}
