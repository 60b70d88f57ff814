import { readRefusal } from '@tvm/api/refusal.ts';
import { reason } from '@tvm/contract/text.ts';
import type { HttpAnswer } from '../http/client.ts';
import { SourceFailure } from '../model/source.ts';

/**
 * Turns a response other than 200 into a failure: the service's own error in its words, or the kind of error of the gateway
 * in front of it. To a wrong signature, API Gateway repeats the whole request, session token included.
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

/** No word of a sentence is this long: it may be the signature, the session token or a token that was sent. */
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
