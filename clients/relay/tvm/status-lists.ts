import { retryAfterOf } from '@tvm/api/retry-after.ts';
import { StatusListFailure } from '@tvm/verifier/status-list-failure.ts';
import { type StatusLists, statusLists } from '@tvm/verifier/status-lists.ts';
import { type HttpClient, jsonObject } from '../http/client.ts';
import type { Clock } from '../model/clock.ts';
import { SourceFailure } from '../model/source.ts';

/**
 * Returns the status lists of a TVM, fetched with TokenRelay's own client. They throw only `SourceFailure`.
 *
 * @param endpoint a URL without a trailing slash
 * @param signal aborts running requests
 */
export function statusListsBy(endpoint: string, client: HttpClient, clock: Clock, signal: AbortSignal): StatusLists {
  const { host } = new URL(endpoint);
  const transport = {
    json: async (url: string) => jsonObject(await client.send({ method: 'GET', url }, signal), host),
    get: (url: string, headers: Record<string, string>) => client.send({ method: 'GET', url, headers }, signal),
  };
  const lists = statusLists(endpoint, transport, clock);
  return {
    async check(reference) {
      try {
        return await lists.check(reference);
      } catch (error) {
        if (!(error instanceof StatusListFailure)) throw error;
        throw new SourceFailure(error.message, { retryAfter: retryAfterOf(error.retryAfter, clock.now()) });
      }
    },
  };
}
