import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { credentials, type Run, runTvm } from './run-tvm.ts';

export interface Asked {
  method: string | undefined;
  /** With the query. */
  path: string | undefined;
  headers: IncomingHttpHeaders;
  /** Of a GET, nothing. */
  body: Record<string, unknown>;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** Bytes are sent as they are, another object as JSON; `'never'` leaves the caller waiting. */
  body: object | string;
}

/** A server on loopback that answers what the test says and remembers what it was asked. */
export interface StubMachine {
  endpoint: string;
  asked: Asked[];
  next: Answer;
  /** What it answers to this request, where that is not `next`. */
  answers: (asked: Asked) => Answer | undefined;
  /** What the environment must hold for `tvm` to find the machine. */
  env: Record<string, string>;
  /** Runs `tvm` against it. */
  tvm(args: string[], run?: Run): ReturnType<typeof runTvm>;
}

/** Starts a machine for the tests of a file. */
export function useStubMachine(): StubMachine {
  const machine: StubMachine = {
    endpoint: '',
    asked: [],
    next: { body: {} },
    answers: () => undefined,
    env: {},
    tvm: (args, { env, ...rest } = {}) => runTvm(args, { env: { ...machine.env, ...env }, ...rest }),
  };
  const server = createServer(async (request, response) => {
    const body = JSON.parse((await text(request)) || '{}');
    const asked = { method: request.method, path: request.url, headers: request.headers, body };
    machine.asked.push(asked);
    const { status = 200, headers, body: answer } = machine.answers(asked) ?? machine.next;
    if (answer === 'never') return;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof answer === 'string' || answer instanceof Uint8Array ? answer : JSON.stringify(answer));
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    machine.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    machine.env = { TVM_ENDPOINT: machine.endpoint, AWS_REGION: 'eu-central-1', ...credentials };
  });
  beforeEach(() => {
    machine.asked = [];
    machine.next = { body: {} };
    machine.answers = () => undefined;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return machine;
}
