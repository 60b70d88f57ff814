import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { codeOf } from '../files/file-fault.ts';
import type { Log } from '../model/log.ts';
import { type Answer, type EndpointRequest, type Protocol, Refusal } from './exchange.ts';
import { checkRequest } from './request-checks.ts';

/** Limits on the resources that clients of an endpoint use. Times are in milliseconds, sizes in bytes. */
export interface Bounds {
  headerBytes: number;
  headers: number;
  connections: number;
  requestsPerConnection: number;
  /** The time to receive a complete request. */
  requestTime: number;
  /** The time between two requests on one connection. */
  idleTime: number;
  /** The time without a byte in either direction, during a response. */
  silentTime: number;
  /** The interval between checks of connections for timeouts. */
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

/** Statuses that indicate an unauthorized request. */
const DENIED = new Set([401, 403, 421]);

/** The minimum time between warnings, in milliseconds, so that requests cannot flood the log. */
const BETWEEN_WARNINGS = 1_000;

/** Creates a server for one protocol, which does not listen yet. @param isTcp see `checkRequest` */
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
  // Log errors of single connections, such as too many open files. The server continues.
  server.once('listening', () =>
    server.on('error', (error) => log.error({ endpoint: protocol.name, fault: codeOf(error) }, 'a connection failed')),
  );
  let warnedAt = Number.NEGATIVE_INFINITY;
  return server;

  async function respond(message: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      checkRequest(message, isTcp);
      const answer = await protocol.answer(requestOf(message));
      log.debug({ endpoint: protocol.name, status: answer.status ?? 200 }, 'handled a request');
      send(response, answer);
    } catch (error) {
      const refusal = error instanceof Refusal ? error : internalError(error);
      const { status, code, headers, details } = refusal;
      const said = { endpoint: protocol.name, status, code, ...details };
      if (status === 500) log.error(said, 'a request failed');
      else if (DENIED.has(status) && performance.now() - warnedAt >= BETWEEN_WARNINGS) {
        warnedAt = performance.now();
        log.warn(said, 'refused a request');
      } else log.debug(said, 'handled a request');
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

// Omits the message of an unexpected error, which may quote the response.
function internalError(error: unknown): Refusal {
  const fault = error instanceof Error ? error.name : typeof error;
  return new Refusal(500, 'internal_error', 'the agent failed unexpectedly', { details: { fault } });
}
