import { once } from 'node:events';
import type { Server } from 'node:http';
import { codeOf } from '../files/file-fault.ts';
import { EndpointFailure } from './endpoint-failure.ts';

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens on it',
  EACCES: 'this user may not listen on a port below 1024; does the unit have CAP_NET_BIND_SERVICE?',
  EADDRNOTAVAIL: 'this machine does not have this address',
};

/**
 * Listens on a loopback address.
 *
 * @param listen the configured address: `127.0.0.1:9797` or `[::1]:9797`
 * @returns the URL with the assigned port, such as `http://127.0.0.1:9797`
 * @throws {EndpointFailure}
 */
export async function listenOnLoopback(server: Server, listen: string): Promise<string> {
  const [, host = '', port = ''] = /^(.+):(\d+)$/.exec(listen) ?? [];
  try {
    server.listen({ host: host.replace(/[[\]]/g, ''), port: Number(port), exclusive: true, ipv6Only: true });
    if (!server.listening) await once(server, 'listening');
  } catch (error) {
    server.close();
    const code = codeOf(error) ?? 'unknown';
    throw new EndpointFailure(`${listen}: ${sentences[code] ?? `error ${code}`}`);
  }
  const address = server.address();
  return `http://${host}:${typeof address === 'object' ? address?.port : port}`;
}
