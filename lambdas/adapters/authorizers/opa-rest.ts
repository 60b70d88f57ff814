import type { AuthorizerRequest, ExternalAuthorizer } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { OpaRestSettings } from '@tvm/core/external-authorizers/settings.ts';
import type { Clock } from '@tvm/core/ports.ts';
import { postJson } from '../http/post-json.ts';
import { cachedDecisions } from './cached-decisions.ts';

/**
 * A condition that an OPA server answers: each question is the `input` of one POST to its Data API, as
 * `AuthorizerRequest` describes it. The result `true` allows, any other refuses, and so does none, which is how OPA says
 * undefined.
 *
 * @see https://www.openpolicyagent.org/docs/rest-api#get-a-document-with-input
 */
export function opaRestCondition(settings: OpaRestSettings, clock: Clock): ExternalAuthorizer {
  const { name, url, path, timeout_ms, cache = 0 } = settings;
  async function allowed(input: AuthorizerRequest): Promise<boolean> {
    const answer = await postJson(`${url}/v1/data/${path}`, { input }, timeout_ms);
    return (answer as { result?: unknown } | null)?.result === true;
  }
  const ask = (questions: readonly AuthorizerRequest[]) => Promise.all(questions.map(allowed));
  return { name, allows: cachedDecisions(ask, cache, clock) };
}
