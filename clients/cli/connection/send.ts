import { signedFetch } from '@tvm/api/signed-fetch.ts';
import { boundedText, TooLong } from '@tvm/contract/bounded-text.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import type * as z from 'zod';
import { exitCodes } from './failure.ts';
import type { NameOption } from './name-option.ts';
import { noAnswerOfTheMachine, refusal } from './refusal.ts';
import type { Settings } from './settings.ts';

/** How long the machine may take to answer, in milliseconds. */
const TIMEOUT = 10_000;

/** The longest answer that is read, in bytes: as long as a function can make it (AWS Lambda quotas, 6 MB). */
const MOST_BYTES = 6 * 1024 * 1024;

/** How a request goes to the machine. */
export interface Way {
  /** Of a GET, the request is the query; else, the body. Default: POST. */
  method?: 'GET' | 'POST';
  /** As in `/token`. */
  path: string;
  /** In milliseconds. */
  timeout?: number;
  /** Gives the request up. */
  signal?: AbortSignal;
}

/**
 * Sends a request to the machine, signed, and reads its answer.
 *
 * Nothing is repeated, and no redirect is followed: what is sent may hold a token.
 *
 * @param answer the contract's schema of a good answer
 * @param nameOption what a field that the machine faults is called here
 * @throws {Failure} for anything but a good answer
 */
export async function send<S extends z.ZodType>(
  { endpoint, region, credentials }: Settings,
  { method = 'POST', path, timeout = TIMEOUT, signal }: Way,
  request: object,
  answer: S,
  nameOption: NameOption,
): Promise<z.infer<S>> {
  const url = endpoint.href.replace(/\/+$/, '') + path;
  const timedOut = AbortSignal.timeout(timeout);
  let status: number;
  let headers: Headers;
  let body: unknown;
  try {
    const ask = signedFetch(credentials, region);
    const response = await ask(method === 'GET' ? url + queryOf(request) : url, {
      method,
      headers: { accept: 'application/json', ...(method === 'POST' && { 'content-type': 'application/json' }) },
      ...(method === 'POST' && { body: JSON.stringify(request) }),
      redirect: 'manual',
      signal: signal === undefined ? timedOut : AbortSignal.any([timedOut, signal]),
    });
    ({ status, headers } = response);
    body = parseJson(await boundedText(response, MOST_BYTES));
  } catch (error) {
    throw unreachable(error, endpoint, timeout);
  }
  if (status !== 200) throw refusal(status, headers, body, nameOption);
  if (!answer.safeParse(body).success) throw noAnswerOfTheMachine(status, headers);
  // The answer itself, not what the schema left of it: a later machine may say more.
  return body as z.infer<S>;
}

/** Every reserved character as percent-encoding: a form's `+` for a space would not be what is signed. */
function queryOf(request: object): string {
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  const pairs = given.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(error: unknown, endpoint: URL, timeout: number): Failure {
  if (error instanceof TooLong) {
    return new Failure(`${endpoint.host} ${error.message}; is the endpoint right?`, {
      code: 'unexpected_answer',
      exitCode: exitCodes.fault,
    });
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new Failure(`${endpoint.host} did not answer within ${timeout / 1000} s`, {
      code: 'timed_out',
      exitCode: exitCodes.fault,
    });
  }
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
  if (cause === undefined) {
    // The error of a header that cannot be sent quotes it, and it may be the session token.
    return new Failure('the request could not be signed and sent; are the AWS credentials well-formed?', {
      code: 'no_credentials',
      exitCode: exitCodes.usage,
    });
  }
  const hint = cause.code === 'ECONNREFUSED' ? '; is it running?' : '';
  return new Failure(`${endpoint.host} cannot be reached (${cause.code ?? cause.message})${hint}`, {
    code: 'unreachable',
    exitCode: exitCodes.fault,
  });
}
