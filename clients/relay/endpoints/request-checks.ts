import type { IncomingMessage } from 'node:http';
import { Refusal } from './exchange.ts';

/** Accepted hosts. In a DNS rebinding attack, a page whose name resolves to 127.0.0.1 sends its own name instead. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** Headers that proxies add. Such a request comes from another machine. IMDSv2 refuses them too. */
const OF_PROXIES = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'];

/** Headers that browsers add. Excludes `sec-fetch-mode`, which Node's fetch also sends. */
const OF_BROWSERS = ['origin', 'sec-fetch-site', 'sec-fetch-dest', 'sec-fetch-user'];

/**
 * Refuses requests that no local program has a reason to send: from a proxy or a browser, with another host's name, or
 * with a body.
 *
 * The AWS instance metadata service refuses X-Forwarded-For for the same reason
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html). The check of the host prevents
 * DNS rebinding. Status 421 is defined in RFC 9110, section 15.5.20.
 *
 * @param isTcp whether the endpoint listens on TCP, so that every local process can connect
 * @throws {Refusal}
 */
export function checkRequest({ url = '', headers, headersDistinct }: IncomingMessage, isTcp: boolean): void {
  const hosts = headersDistinct.host ?? [];
  if (isTcp && !(hosts.length === 1 && LOOPBACK_HOST.test(hosts[0] ?? ''))) {
    throw refusal(421, 'misdirected_request', 'Host must be a loopback name');
  }
  const proxied = OF_PROXIES.find((name) => headers[name] !== undefined);
  if (proxied !== undefined) throw refusal(403, 'forwarded', `requests with ${proxied} are refused`);
  const browsed = OF_BROWSERS.find((name) => headers[name] !== undefined);
  if (browsed !== undefined) throw refusal(403, 'from_browser', `requests with ${browsed} are refused`);
  if (!url.startsWith('/')) throw refusal(400, 'bad_request', 'the request must have a path');
  const { 'transfer-encoding': encoding, 'content-length': length = '0' } = headers;
  if (encoding !== undefined || !/^0+$/.test(length)) {
    throw refusal(413, 'body_not_allowed', 'requests must have no body');
  }
}

/** Closes the connection, so that a valid second request smuggled behind a refused one is not read. */
function refusal(status: number, code: string, sentence: string): Refusal {
  return new Refusal(status, code, sentence, { headers: { connection: 'close' } });
}
