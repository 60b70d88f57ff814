import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { credentials, type Run, runTvm } from './run-tvm.ts';

export interface Asked {
  method: string | undefined;
  /** The path with the query. */
  path: string | undefined;
  headers: IncomingHttpHeaders;
  /** The parsed body; `{}` for a GET request. */
  body: Record<string, unknown>;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** A string or bytes are sent unchanged, other objects as JSON. `'never'` sends no response. */
  body: object | string;
}

/** A server on loopback that records requests and sends the responses of the test. */
export interface StubService {
  endpoint: string;
  asked: Asked[];
  next: Answer;
  /** Returns the response to a request; `undefined`: `next`. */
  answers: (asked: Asked) => Answer | undefined;
  /** The environment variables with which `tvm` finds the server. */
  env: Record<string, string>;
  /** Runs `tvm` with this server. */
  tvm(args: string[], run?: Run): ReturnType<typeof runTvm>;
}

/** Starts a server for the tests of a file. */
export function useStubService(): StubService {
  const service: StubService = {
    endpoint: '',
    asked: [],
    next: { body: {} },
    answers: () => undefined,
    env: {},
    tvm: (args, { env, ...rest } = {}) => runTvm(args, { env: { ...service.env, ...env }, ...rest }),
  };
  const server = createServer(async (request, response) => {
    const body = JSON.parse((await text(request)) || '{}');
    const asked = { method: request.method, path: request.url, headers: request.headers, body };
    service.asked.push(asked);
    const { status = 200, headers, body: answer } = service.answers(asked) ?? service.next;
    if (answer === 'never') return;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof answer === 'string' || answer instanceof Uint8Array ? answer : JSON.stringify(answer));
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    service.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    service.env = { TVM_ENDPOINT: service.endpoint, AWS_REGION: 'eu-central-1', ...credentials };
  });
  beforeEach(() => {
    service.asked = [];
    service.next = { body: {} };
    service.answers = () => undefined;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return service;
}
