import type { IncomingMessage } from 'node:http';
import { Refusal } from './exchange.ts';

/** Names that DNS cannot lead elsewhere: a page of `rebound.example` that resolves to 127.0.0.1 sends its own name. */
const LOOPBACK_HOST = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

/** What proxies add. A request with one of them comes from somewhere else, as IMDSv2 has it too. */
const OF_PROXIES = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via'];

/** What browsers add. Not `sec-fetch-mode`: the fetch of Node sends that, and nothing else of these. */
const OF_BROWSERS = ['origin', 'sec-fetch-site', 'sec-fetch-dest', 'sec-fetch-user'];

/**
 * Refuses what no program on this machine has reason to send: by a proxy, by a browser, under another host's name, with
 * a body.
 *
 * The Instance Metadata Service of AWS refuses X-Forwarded-For for the same reason
 * (docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-v2-how-it-works.html). The host is against DNS
 * rebinding; 421 is of RFC 9110, section 15.5.20.
 *
 * @param isTcp whether anybody can connect who reaches the address
 * @throws {Refusal}
 */
export function checkRequest({ url = '', headers, headersDistinct }: IncomingMessage, isTcp: boolean): void {
  const hosts = headersDistinct.host ?? [];
  if (isTcp && !(hosts.length === 1 && LOOPBACK_HOST.test(hosts[0] ?? ''))) {
    throw refusal(421, 'misdirected_request', 'Host must be a name of loopback');
  }
  const proxied = OF_PROXIES.find((name) => headers[name] !== undefined);
  if (proxied !== undefined) throw refusal(403, 'forwarded', `requests with ${proxied} are refused`);
  const browsed = OF_BROWSERS.find((name) => headers[name] !== undefined);
  if (browsed !== undefined) throw refusal(403, 'from_browser', `requests with ${browsed} are refused`);
  if (!url.startsWith('/')) throw refusal(400, 'bad_request', 'the request must name a path');
  const { 'transfer-encoding': encoding, 'content-length': length = '0' } = headers;
  if (encoding !== undefined || !/^0+$/.test(length)) {
    throw refusal(413, 'body_not_allowed', 'requests must have no body');
  }
}

/** Whoever made a program send this may have put a second request, in good order, behind it: that is not read. */
function refusal(status: number, code: string, sentence: string): Refusal {
  return new Refusal(status, code, sentence, { headers: { connection: 'close' } });
}
