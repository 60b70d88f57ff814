import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isLoopback } from '@tvm/api/loopback.ts';
import { SourceFailure } from '../model/source.ts';
import { isLoopbackAddress, isMetadataAddress, isNeverPublic } from './addresses.ts';

/**
 * Where a client may connect to. `issuer`: over TLS anywhere, in plain to loopback alone. `public`: the same, but never
 * to a link-local address, looked at when the connection is made, so that no name leads to a metadata server.
 * `metadata`: in plain to the link-local addresses of the clouds' metadata servers and to loopback, never by a proxy.
 */
export type Reach = 'issuer' | 'public' | 'metadata';

/** A URL that a client may ask, and how it is reached. */
export interface Target {
  url: URL;
  /** As a connection takes it: an IPv6 address has no brackets. */
  host: string;
  port: number;
  /** Looks a name up, and fails for an address that this reach does not have. */
  lookup: LookupFunction;
  /** Whether a proxy may be on the way. */
  mayBeProxied: boolean;
}

/** Names that only metadata servers have; behind a proxy this machine may not see where they lead. */
const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog']);

/**
 * Settles whether a URL is within reach.
 *
 * @throws {SourceFailure} when it is not
 */
export function targetOf(text: string, reach: Reach): Target {
  const url = URL.parse(text);
  if (url === null) throw new SourceFailure('the address to ask is no URL');
  if (url.username || url.password) throw new SourceFailure(`the URL of ${url.host} must not hold a user name`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const plain = url.protocol === 'http:';
  if (!plain && url.protocol !== 'https:') throw new SourceFailure(`${url.host} can be asked over https only`);
  const allowed = allowedAddress(url, reach);
  if (isIP(host) !== 0 && !allowed(host)) throw outOfReach(url.host, host);
  const name = host.replace(/\.$/, '');
  if (reach === 'public' && METADATA_NAMES.has(name)) throw outOfReach(url.host, name);
  return {
    url,
    host,
    port: Number(url.port || (plain ? 80 : 443)),
    lookup: checkedLookup(url.host, allowed),
    mayBeProxied: reach !== 'metadata' && !isLoopback(url.hostname),
  };
}

/** Which addresses a connection for this URL may have. @throws {SourceFailure} when there is none */
function allowedAddress({ protocol, hostname, host }: URL, reach: Reach): (address: string) => boolean {
  const inPlain = protocol === 'http:';
  if (reach === 'metadata') {
    if (!inPlain) throw new SourceFailure(`${host} is no metadata server: those are asked over http`);
    // A name such as foo.localhost is only as local as what it leads to.
    if (isLoopback(hostname)) return isLoopbackAddress;
    if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && !METADATA_NAMES.has(hostname)) {
      throw new SourceFailure(`${host} is no metadata server`);
    }
    return (address) => isMetadataAddress(address);
  }
  if (inPlain && !isLoopback(hostname)) {
    throw new SourceFailure(`${host} must be asked over https: over http anyone on the way could read the secret`);
  }
  if (inPlain) return isLoopbackAddress;
  return reach === 'public' ? (address) => !isNeverPublic(address) : () => true;
}

/** The system's lookup. The address it finds is the one that is connected to, so that a name cannot change in between. */
function checkedLookup(shown: string, allowed: (address: string) => boolean): LookupFunction {
  return (name: string, options: LookupOptions, done) => {
    lookUpOnce(name, options, (error, addresses) => {
      if (error) return done(error, '', 0);
      const [first] = addresses;
      const refused = addresses.find(({ address }) => !allowed(address));
      if (refused !== undefined) return done(outOfReach(shown, refused.address), '', 0);
      if (options.all) return done(null, addresses);
      done(null, first?.address ?? '', first?.family ?? 0);
    });
  };
}

type Found = (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void;

/** Who waits for each name that is being looked up. */
const waiting = new Map<string, Found[]>();

/**
 * Nothing ends a lookup of the system, and few go on at a time: a name whose server hangs must not take the place of
 * others by being asked for again and again.
 */
function lookUpOnce(name: string, options: LookupOptions, found: Found): void {
  const key = JSON.stringify([name, options.family, options.hints, options.order]);
  const others = waiting.get(key);
  if (others !== undefined) {
    others.push(found);
    return;
  }
  const all = [found];
  waiting.set(key, all);
  lookup(name, { ...options, all: true }, (error, addresses: LookupAddress[] = []) => {
    waiting.delete(key);
    for (const each of all) each(error, addresses);
  });
}

function outOfReach(shown: string, address: string): SourceFailure {
  return new SourceFailure(
    shown.includes(address)
      ? `${shown} is not asked: it is not within reach of this source`
      : `${shown} is not asked: it leads to ${address}, which is not within reach of this source`,
  );
}
