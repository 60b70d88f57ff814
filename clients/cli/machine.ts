import type * as z from 'zod';
import { signedFetch } from '../signed-fetch.ts';
import { exitCodes, Failure } from './failure.ts';
import type { NameOption } from './options.ts';
import { noAnswerOfTheMachine, refusal } from './refusal.ts';
import type { Settings } from './settings.ts';

/** How long the machine may take to answer, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * Posts a request to the machine, signed, and reads its answer.
 *
 * Nothing is repeated, and no redirect is followed: what is sent may hold a token.
 *
 * @param path as in `/token`
 * @param answer the contract's schema of a good answer
 * @param nameOption what a field that the machine faults is called here
 * @throws {Failure} for anything but a good answer
 */
export async function post<S extends z.ZodType>(
  { endpoint, region, credentials }: Settings,
  path: string,
  request: object,
  answer: S,
  nameOption: NameOption,
  timeout = TIMEOUT,
): Promise<z.infer<S>> {
  const url = endpoint.href.replace(/\/+$/, '') + path;
  let status: number;
  let headers: Headers;
  let body: unknown;
  try {
    const response = await signedFetch(credentials, region)(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(request),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeout),
    });
    ({ status, headers } = response);
    body = parseJson(await response.text());
  } catch (error) {
    throw unreachable(error, endpoint, timeout);
  }
  if (status !== 200) throw refusal(status, headers, body, nameOption);
  if (!answer.safeParse(body).success) throw noAnswerOfTheMachine(status, headers);
  // The answer itself, not what the schema left of it: a later machine may say more.
  return body as z.infer<S>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreachable(error: unknown, endpoint: URL, timeout: number): Failure {
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
