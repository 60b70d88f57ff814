import type { AuthorizerRequest, ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { OpaRestSettings } from '@tvm/core/external-authorizers/settings.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { postJson } from '../http/post-json.ts';
import { cachedDecisions } from './cached-decisions.ts';

/**
 * An external authorizer on an OPA server. Each request, shaped like `AuthorizerRequest`, is the `input` of one POST to
 * OPA's Data API. The result `true` allows. Any other result denies, and so does a missing one: OPA omits the result of
 * an undefined rule.
 *
 * @see https://www.openpolicyagent.org/docs/rest-api#get-a-document-with-input
 */
export function opaRestAuthorizer(settings: OpaRestSettings, clock: Clock): ExternalAuthorizer {
  const { name, url, path, timeout_ms, cache = 0 } = settings;
  async function allowed(input: AuthorizerRequest): Promise<boolean> {
    const response = await postJson(`${url}/v1/data/${path}`, { input }, timeout_ms);
    return (response as { result?: unknown } | null)?.result === true;
  }
  const evaluate = (requests: readonly AuthorizerRequest[]) => Promise.all(requests.map(allowed));
  return { name, allows: cachedDecisions(evaluate, cache, clock) };
}
