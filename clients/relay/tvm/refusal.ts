import { errorResponse } from '@tvm/contract/errors.ts';
import { reason } from '@tvm/contract/text.ts';
import type { HttpAnswer } from '../http/client.ts';
import { retryAfterOf } from '../http/retry-after.ts';
import { SourceFailure } from '../model/source.ts';

/**
 * What an answer other than 200 means: the machine's own error, in its words, or that of the gateway in front of it, by
 * its kind alone. To a wrong signature, API Gateway answers with the whole request, session token included.
 *
 * @param host how sentences call who answered
 * @param now milliseconds since the epoch
 */
export function refusal({ status, headers, body }: HttpAnswer, host: string, now: number): SourceFailure {
  const own = errorResponse.safeParse(jsonOf(body)).data;
  const said = own === undefined ? gatewayError(headers['x-amzn-errortype']) : `${own.error}${described(own)}`;
  const id = safe(own?.request_id ?? headers['x-amzn-requestid']);
  const request = id === undefined ? '' : ` (request ${id})`;
  return new SourceFailure(`${host} answered ${status}${said === undefined ? '' : `, ${said}`}${request}`, {
    retryAfter: retryAfterOf(headers['retry-after'], now),
  });
}

/** No word of a sentence is so long: it may be the signature, the session token or a token that was sent. */
const LIKE_A_SECRET = /[\w+=]{32}/;

function described({ error_description: description }: { error_description: string }): string {
  const sentence = reason.safeParse(description).data;
  return sentence === undefined || LIKE_A_SECRET.test(sentence) ? '' : `: ${sentence}`;
}

/** As in `MissingAuthenticationTokenException:http://…`. */
function gatewayError(header: string | string[] | undefined): string | undefined {
  const kind = /^[A-Za-z]{1,64}/.exec(String(header ?? ''))?.[0];
  return kind?.startsWith('MissingAuthenticationToken')
    ? `${kind}: does the endpoint name the stage, as in …amazonaws.com/v1?`
    : kind;
}

function safe(id: string | string[] | undefined): string | undefined {
  return typeof id === 'string' && /^[\w=-]{1,128}$/.test(id) ? id : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
