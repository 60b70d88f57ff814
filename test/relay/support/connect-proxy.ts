import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A proxy on loopback that connects every CONNECT to one port, whatever its target. The caller must close it. */
export interface ConnectProxy {
  url: string;
  /** The targets of the CONNECT requests, such as `auth.example.com:443`. */
  targets: string[];
  /** The values of Proxy-Authorization in the CONNECT requests. */
  authorizations: (string | undefined)[];
  close(): Promise<void>;
}

/** @param reply the bytes to send after a CONNECT, instead of a tunnel */
export async function connectProxy(port: number, reply?: string): Promise<ConnectProxy> {
  const targets: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(501).end());
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('connect', ({ url = '', headers }, client: Socket) => {
    targets.push(url);
    authorizations.push(headers['proxy-authorization']);
    client.on('error', () => {});
    if (reply !== undefined) return client.write(reply);
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    sockets.add(upstream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    targets,
    authorizations,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
