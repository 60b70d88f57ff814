import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { type IncomingMessage, request as requestInPlain } from 'node:http';
import { request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isLoopbackAddress, isPublicAddress } from '@tvm/core/identity/public-address.ts';
import { RESPONSE_BYTES } from './bounded-fetch.ts';

/** Media types of JSON, such as `application/jwk-set+json` (RFC 6839, section 3.1). */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** Resolves a host name to all its addresses. */
export type Resolve = (name: string) => Promise<LookupAddress[]>;

/** How a server is reached. */
export interface Connection {
  /**
   * Hosts that may have any address, as `URL.hostname` writes them. All others must have public addresses. A named host that
   * resolves to loopback needs no TLS.
   */
  allow?: readonly string[] | undefined;
  /** Default: the resolver of the system. */
  resolve?: Resolve | undefined;
  /** The certificate authorities of servers in PEM. Default: those of Node.js. */
  ca?: string | undefined;
}

/**
 * Gets a JSON document from a server that others name, so that no name and no number leads into a private network. The
 * connection uses the address that was checked. Redirects are not followed, and compressed responses are refused.
 *
 * @param signal limits the time of the whole response, including the lookup of the name
 * @throws if the URL or its address is not permitted, or if there is no bounded JSON response with status 200
 */
export async function checkedGet(
  address: string,
  { allow = [], resolve = (name) => lookup(name, { all: true }), ca }: Connection,
  signal: AbortSignal,
): Promise<string> {
  const url = URL.parse(address);
  if (url === null || url.username !== '' || url.password !== '') throw new Error('the address is not a URL');
  const permits = permittedAddresses(url, allow);
  // Node.js looks up only names. The URL has already normalized numbers such as 0x7f.1.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !permits(host)) throw new NotPermitted(url.host);

  const options = {
    // A pooled connection may have been closed while the function was frozen.
    agent: false,
    headers: {
      accept: 'application/json, application/jwk-set+json',
      'accept-encoding': 'identity',
      // Firewalls often refuse requests without it.
      'user-agent': 'token-vending-machine',
    },
    lookup: checkedLookup(permits, resolve),
    signal,
    ...(ca !== undefined && { ca }),
  } as const;
  const response = await new Promise<IncomingMessage>((responded, failed) => {
    const sent = (url.protocol === 'http:' ? requestInPlain : request)(url, options, responded);
    sent.on('error', failed);
    sent.on('close', () => failed(new Error(`${url.host} closed the connection`)));
    sent.end();
  });
  try {
    return await boundedJson(response, url.host);
  } finally {
    response.destroy();
  }
}

/** A host has an address that is not public, and is not named. */
class NotPermitted extends Error {
  override readonly name = 'NotPermitted';

  constructor(host: string) {
    super(`${host} was not contacted: its address is not public`);
  }
}

function permittedAddresses({ protocol, host, hostname }: URL, allow: readonly string[]): (address: string) => boolean {
  const isNamed = allow.includes(hostname);
  if (protocol === 'https:') return isNamed ? () => true : isPublicAddress;
  if (protocol === 'http:' && isNamed) return isLoopbackAddress;
  throw new Error(`the URL of ${host} must be an https URL`);
}

/** Resolves a name and checks its addresses. The connection uses them, so that the name cannot change in between. */
function checkedLookup(permits: (address: string) => boolean, resolve: Resolve): LookupFunction {
  const permitted = async (name: string): Promise<[LookupAddress, ...LookupAddress[]]> => {
    const [first, ...others] = await resolve(name);
    if (first === undefined) throw new Error(`${name} has no address`);
    if (![first, ...others].every(({ address }) => permits(address))) throw new NotPermitted(name);
    return [first, ...others];
  };
  return (name, { all }, done) => {
    permitted(name).then(
      (addresses) => (all ? done(null, addresses) : done(null, addresses[0].address, addresses[0].family)),
      (error) => done(error, '', 0),
    );
  };
}

async function boundedJson(response: IncomingMessage, host: string): Promise<string> {
  const { statusCode, headers } = response;
  if (statusCode !== 200) throw new Error(`${host} responded with status ${statusCode}`);
  // A few compressed bytes may become gigabytes. The request asked for none.
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new Error(`${host} compressed its response`);
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw new Error(`${host} responded with another type than JSON`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > RESPONSE_BYTES) throw new Error(`${host} sent more than ${RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
}
