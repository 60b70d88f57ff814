import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { codeOf } from '../files/file-fault.ts';
import type { Log } from '../model/log.ts';
import { type Answer, type EndpointRequest, type Protocol, Refusal } from './exchange.ts';
import { checkRequest } from './request-checks.ts';

/** What clients of an endpoint may use up. Times in milliseconds, sizes in bytes. */
export interface Bounds {
  headerBytes: number;
  headers: number;
  connections: number;
  requestsPerConnection: number;
  /** Until a whole request has come. */
  requestTime: number;
  /** Between two requests of one connection. */
  idleTime: number;
  /** Without a byte in either direction, while an answer is made or read. */
  silentTime: number;
  /** How often connections are looked at for that. */
  checkEvery: number;
}

export const usualBounds: Bounds = {
  headerBytes: 8_192,
  headers: 64,
  connections: 256,
  requestsPerConnection: 100,
  requestTime: 5_000,
  idleTime: 5_000,
  silentTime: 10_000,
  checkEvery: 2_000,
};

/** The statuses that say that somebody tried what is not for them. */
const DENIED = new Set([401, 403, 421]);

/** Milliseconds between two lines about that: nobody fills the log by asking. */
const BETWEEN_WARNINGS = 1_000;

/** A server that speaks one protocol; it does not listen yet. @param isTcp see `checkRequest` */
export function httpServer(protocol: Protocol, log: Log, isTcp: boolean, bounds: Bounds = usualBounds): Server {
  const server = createServer(
    {
      maxHeaderSize: bounds.headerBytes,
      requestTimeout: bounds.requestTime,
      keepAliveTimeout: bounds.idleTime,
      connectionsCheckingInterval: bounds.checkEvery,
    },
    (request, response) => void respond(request, response),
  );
  server.maxHeadersCount = bounds.headers;
  server.maxConnections = bounds.connections;
  server.maxRequestsPerSocket = bounds.requestsPerConnection;
  server.timeout = bounds.silentTime;
  // Of a connection that could not be taken, when there are too many open files, say: the next one may do.
  server.once('listening', () =>
    server.on('error', (error) => log.error({ endpoint: protocol.name, fault: codeOf(error) }, 'a connection failed')),
  );
  let warnedAt = Number.NEGATIVE_INFINITY;
  return server;

  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkRequest(message, isTcp);
      const answer = await protocol.answer(requestOf(message));
      log.debug({ endpoint: protocol.name, status: answer.status ?? 200 }, 'answered a request');
      send(response, answer);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : internalError(error);
      const { status, code, headers, details } = refusal;
      const said = { endpoint: protocol.name, status, code, ...details };
      if (status === 500) log.error(said, 'a request failed');
      else if (DENIED.has(status) && performance.now() - warnedAt >= BETWEEN_WARNINGS) {
        warnedAt = performance.now();
        log.warn(said, 'refused a request');
      } else log.debug(said, 'answered a request');
      send(response, { status, headers, body: protocol.wordError(refusal) });
    }
  }

  function send(response: ServerResponse, { status = 200, headers, body }: Answer): void {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, {
      server: 'tokenrelay',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-type': typeof body === 'string' ? 'text/plain; charset=utf-8' : 'application/json',
      'content-length': Buffer.byteLength(text),
      ...protocol.headers,
      ...headers,
    });
    response.end(text);
  }
}

function requestOf({ method = '', url = '', headersDistinct, socket }: IncomingMessage): EndpointRequest {
  const [, path = '', query = ''] = /^([^?]*)\??(.*)$/s.exec(url) ?? [];
  return {
    method,
    path,
    query: new URLSearchParams(query),
    header(name) {
      const values = headersDistinct[name] ?? [];
      return values.length === 1 ? values[0] : undefined;
    },
    connection: socket,
  };
}

// Its message stays unsaid: a fault that nobody foresaw may quote what was being sent.
function internalError(error: unknown): Refusal {
  const fault = error instanceof Error ? error.name : typeof error;
  return new Refusal(500, 'internal_error', 'the agent failed unexpectedly', { details: { fault } });
}
