import { retryAfterOf } from '@tvm/api/retry-after.ts';
import { SourceFailure } from '../model/source.ts';
import type { HttpAnswer } from './exchange.ts';

/**
 * Returns the JSON object in a response body.
 *
 * @param issuer the responding server, for messages
 * @param parse `parseExactly` for a response whose numbers may be values of a token
 * @throws {SourceFailure} for a status outside 200 to 299, with the delay of `Retry-After`, and for any other body
 */
export function jsonObject(
  { status, headers, body }: HttpAnswer,
  issuer: string,
  parse: (text: string) => unknown = JSON.parse,
): Record<string, unknown> {
  const object = objectIn(body, parse);
  if (status < 200 || status > 299) {
    const code = errorCode(object);
    throw new SourceFailure(`${issuer} answered ${status}${code === undefined ? '' : ` (${code})`}`, {
      retryAfter: retryAfterOf(headers['retry-after'], Date.now()),
    });
  }
  if (object === undefined) {
    throw new SourceFailure(`${issuer} answered ${status} with ${kindOf(headers['content-type'])}, not a JSON object`);
  }
  return object;
}

function objectIn(body: string, parse: (text: string) => unknown): Record<string, unknown> | undefined {
  try {
    const value = parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the OAuth error code (RFC 6749, section 5.2). Messages quote nothing else of a body, which may repeat the request. */
function errorCode(object: Record<string, unknown> | undefined): string | undefined {
  const code = object?.error;
  return typeof code === 'string' && /^[\w.-]{1,64}$/.test(code) ? code : undefined;
}

function kindOf(contentType: string | undefined): string {
  const [type = ''] = (contentType ?? '').split(';');
  return /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/.test(type.trim()) ? type.trim() : 'no content type';
}
