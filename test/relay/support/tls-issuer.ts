import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import type { Identity } from './certificates.ts';

/** A request that an issuer received. */
export interface Got {
  method: string | undefined;
  path: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
  socket: TLSSocket;
}

/** A TLS server on loopback. The caller must close it. */
export interface TlsIssuer {
  server: Server;
  port: number;
  got: Got[];
  close(): Promise<void>;
}

export async function tlsIssuer(
  identity: Identity,
  answer: (got: Got, response: ServerResponse) => void,
  options: ServerOptions = {},
): Promise<TlsIssuer> {
  const got: Got[] = [];
  const server = createServer({ ...identity, ...options }, async (request, response) => {
    const { method, url: path, headers } = request;
    const one = { method, path, headers, body: await text(request), socket: request.socket as TLSSocket };
    got.push(one);
    answer(one, response);
  });
  // Clients that reject the certificate abort the handshake.
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    got,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
