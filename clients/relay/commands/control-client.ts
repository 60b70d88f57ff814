import { type IncomingMessage, request } from 'node:http';
import { Failure, usageFailure } from '@tvm/terminal/failure.ts';
import type * as z from 'zod';
import { controlError, controlRefresh, controlStatus, controlToken } from '../endpoints/control-shapes.ts';
import { exitCodes, noTokenFailure } from '../failure.ts';
import type { TokenStatus } from '../model/status.ts';
import type { Token } from '../model/token.ts';

/** Timeout of requests that the agent answers without a fetch, in milliseconds. */
const ANSWER_MILLISECONDS = 5_000;

/** Timeout of a request that makes the agent fetch a token, in milliseconds. */
const FETCH_MILLISECONDS = 120_000;

/** Maximum size of a response, in bytes. The status of a thousand tokens fits. */
const LARGEST_ANSWER = 8 * 1_024 * 1_024;

/** A client of the running agent's control socket. */
export interface ControlClient {
  /** Returns a usable token. @throws {Failure} */
  token(name: string): Promise<Token>;
  /** Returns the status of every token. @throws {Failure} */
  status(): Promise<TokenStatus[]>;
  /** Makes the agent fetch a token now. @throws {Failure} */
  refresh(name: string): Promise<TokenStatus>;
}

interface Asked {
  method: 'GET' | 'POST';
  path: string;
  milliseconds: number;
}

/** Creates a client that sends each request to the first of `sockets` on which an agent responds. */
export function controlClient(sockets: readonly [string, ...string[]]): ControlClient {
  const ask = async <S extends z.ZodType>(schema: S, asked: Asked): Promise<z.infer<S>> => {
    const { status, body } = await fromFirst(sockets, asked);
    if (status !== 200) throw refusal(status, body);
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw strange();
    return parsed.data;
  };
  const pathOf = (name: string) => `/v1/tokens/${encodeURIComponent(name)}`;
  return {
    async token(name) {
      const asked = { method: 'GET', path: pathOf(name), milliseconds: ANSWER_MILLISECONDS } as const;
      const { values, fetched_at, expires_at } = await ask(controlToken, asked);
      return {
        values,
        fetchedAt: Date.parse(fetched_at),
        ...(expires_at !== undefined && { expiresAt: Date.parse(expires_at) }),
      };
    },
    async status() {
      return (await ask(controlStatus, { method: 'GET', path: '/v1/status', milliseconds: ANSWER_MILLISECONDS }))
        .tokens;
    },
    async refresh(name) {
      const path = `${pathOf(name)}/refresh`;
      return (await ask(controlRefresh, { method: 'POST', path, milliseconds: FETCH_MILLISECONDS })).status;
    },
  };
}

async function fromFirst(sockets: readonly [string, ...string[]], asked: Asked) {
  let first: Failure | undefined;
  for (const socket of sockets) {
    try {
      return await send(socket, asked);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const failure = unansweredFailure(error, socket);
      if (failure.details.code !== 'no_agent') throw failure;
      first ??= failure;
    }
  }
  throw first;
}

function send(socketPath: string, { method, path, milliseconds }: Asked): Promise<{ status: number; body: unknown }> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(milliseconds);
    const asking = request({ socketPath, method, path, agent: false, signal }, (answer) => {
      jsonOf(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject);
    });
    asking.once('error', reject).end();
  });
}

async function jsonOf(answer: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > LARGEST_ANSWER) throw strange();
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw strange();
  }
}

function unansweredFailure(error: Error, socket: string): Failure {
  if (error instanceof Failure) return error;
  const { code, name } = error as NodeJS.ErrnoException;
  const fault = (sentence: string, word: string) => new Failure(sentence, { code: word, exitCode: exitCodes.fault });
  if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') {
    return fault(
      `no agent is listening on ${socket}; start one with systemctl start tokenrelay, or tokenrelay run --config FILE`,
      'no_agent',
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return fault(
      `this user may not open ${socket}; control.permissions and control.group in the configuration control access`,
      'not_permitted',
    );
  }
  if (name === 'TimeoutError' || name === 'AbortError')
    return fault(`the agent on ${socket} did not respond in time`, 'timeout');
  return fault(`the request to the agent on ${socket} failed (${code ?? name})`, 'unreachable');
}

function refusal(status: number, body: unknown): Failure {
  const parsed = controlError.safeParse(body);
  if (!parsed.success) return strange();
  const { error, error_description: sentence } = parsed.data;
  if (error === 'unknown_token') return usageFailure('the agent has no token with this name; see tokenrelay status');
  if (error === 'not_ready' || error === 'fetch_failed') return noTokenFailure(sentence);
  return new Failure(`the agent responded with status ${status}: ${sentence}`, {
    code: error,
    exitCode: exitCodes.fault,
  });
}

function strange(): Failure {
  return new Failure('the program on the control socket is not a TokenRelay agent of this version', {
    code: 'strange_answer',
    exitCode: exitCodes.fault,
  });
}
