import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { SourceFailure } from '../model/source.ts';
import type { Target } from './reach.ts';
import { reasonInWords } from './reason-in-words.ts';

/**
 * A way through a proxy to the target (CONNECT, RFC 9110 9.3.6). Whatever the proxy answers itself is never taken for
 * the target's answer.
 *
 * The proxy looks the name up, not this machine. Where this machine can do so too, the name is refused like one that is
 * connected to directly; a name that only the proxy knows is the proxy's to refuse.
 *
 * @throws {SourceFailure} naming the proxy when it opens none
 */
export async function tunnel(proxy: string, target: Target, signal: AbortSignal): Promise<Socket> {
  await refuseWhatIsOutOfReach(target);
  const url = new URL(proxy);
  const authority = `${target.url.hostname}:${target.port}`;
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest;
  return await new Promise((resolve, reject) => {
    const connect = request({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority },
      agent: false,
      signal,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
    });
    connect.once('connect', ({ statusCode }, socket, head) => {
      // What a proxy sends before it is spoken to through the tunnel cannot be from the target.
      if (statusCode === 200 && head.length === 0) {
        // What becomes of it is told by the TLS in it; before that there is none, an error of it would end the process.
        socket.on('error', () => {});
        return resolve(socket as Socket);
      }
      socket.destroy();
      reject(new SourceFailure(`the proxy ${url.host} answered ${statusCode} when asked for ${target.url.host}`));
    });
    connect.once('response', (response) => {
      response.destroy();
      reject(
        new SourceFailure(`the proxy ${url.host} answered ${response.statusCode} when asked for ${target.url.host}`),
      );
    });
    connect.once('error', (error) => reject(new SourceFailure(`the proxy ${url.host} ${reasonInWords(error)}`)));
    connect.end();
  });
}

async function refuseWhatIsOutOfReach({ host, lookup }: Target): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    lookup(host, { all: true }, (error) => (error instanceof SourceFailure ? reject(error) : resolve()));
  });
}
