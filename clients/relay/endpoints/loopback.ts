import { once } from 'node:events';
import type { Server } from 'node:http';
import { codeOf } from '../files/file-fault.ts';
import { EndpointFailure } from './endpoint-failure.ts';

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'this user may not listen on a port below 1024; does the unit have CAP_NET_BIND_SERVICE?',
  EADDRNOTAVAIL: 'this machine has no such address',
};

/**
 * Listens on an address of loopback.
 *
 * @param listen as the configuration has it: `127.0.0.1:9797` or `[::1]:9797`
 * @returns the address with the port that it got, such as `http://127.0.0.1:9797`
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
