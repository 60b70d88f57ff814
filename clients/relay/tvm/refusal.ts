import { readRefusal } from '@tvm/api/refusal.ts';
import { reason } from '@tvm/contract/text.ts';
import type { HttpAnswer } from '../http/client.ts';
import { SourceFailure } from '../model/source.ts';

/**
 * Converts an error response into a failure: the service's own error, or only the type of a gateway error. For a wrong
 * signature, the gateway's message repeats the whole request with the session token.
 *
 * @param host the responding host, for the sentence
 * @param now milliseconds since the epoch
 */
export function refusal(answer: HttpAnswer, host: string, now: number): SourceFailure {
  const { status, error, gateway, requestId, retryAfter } = readRefusal(answer, now);
  const said = error === undefined ? gatewayError(gateway?.type) : `${error.error}${described(error)}`;
  const id = requestId !== undefined && /^[\w=-]{1,128}$/.test(requestId) ? ` (request ${requestId})` : '';
  return new SourceFailure(`${host} answered ${status}${said === undefined ? '' : `, ${said}`}${id}`, { retryAfter });
}

/** Matches text that is too long for a word: it may be a signature, a session token or a token. */
const LIKE_A_SECRET = /[\w+=]{32}/;

function described({ error_description: description }: { error_description: string }): string {
  const sentence = reason.safeParse(description).data;
  return sentence === undefined || LIKE_A_SECRET.test(sentence) ? '' : `: ${sentence}`;
}

function gatewayError(kind: string | undefined): string | undefined {
  return kind?.startsWith('MissingAuthenticationToken')
    ? `${kind}: does the endpoint name the stage, as in …amazonaws.com/v1?`
    : kind;
}
