import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { SourceFailure } from '../model/source.ts';
import type { Target } from './reach.ts';
import { reasonInWords } from './reason-in-words.ts';

/**
 * Opens a tunnel through a proxy to the target (CONNECT; RFC 9110, section 9.3.6). A response of the proxy is never mistaken
 * for a response of the target.
 *
 * The proxy resolves the name. If this machine can resolve it too, forbidden addresses are rejected as for a direct
 * connection. The proxy must reject names that only it can resolve.
 *
 * @param authorization the value of the header Proxy-Authorization
 * @throws {SourceFailure} naming the proxy if it opens no tunnel
 */
export async function tunnel(
  proxy: string,
  authorization: string | undefined,
  target: Target,
  signal: AbortSignal,
): Promise<Socket> {
  await refuseWhatIsOutOfReach(target);
  const url = new URL(proxy);
  const authority = `${target.url.hostname}:${target.port}`;
  const request = url.protocol === 'https:' ? tlsRequest : plainRequest;
  const refused = (status: number | undefined) => {
    const credentials =
      authorization === undefined
        ? 'it needs proxy_user and proxy_password_path'
        : 'it refuses proxy_user with this password';
    return new SourceFailure(
      `the proxy ${url.host} answered ${status} when asked for ${target.url.host}${status === 407 ? `: ${credentials}` : ''}`,
    );
  };
  return await new Promise((resolve, reject) => {
    const connect = request({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port || (url.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(authorization !== undefined && { 'proxy-authorization': authorization }) },
      agent: false,
      signal,
      minVersion: 'TLSv1.2',
      rejectUnauthorized: true,
    });
    connect.once('connect', ({ statusCode }, socket, head) => {
      // Data that arrives before the first data is sent through the tunnel cannot be from the target.
      if (statusCode === 200 && head.length === 0) {
        // TLS reports later errors. Until TLS starts, an unhandled error of the socket would crash the process.
        socket.on('error', () => {});
        return resolve(socket as Socket);
      }
      socket.destroy();
      reject(refused(statusCode));
    });
    connect.once('response', (response) => {
      response.destroy();
      reject(refused(response.statusCode));
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
