import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { isLoopback } from '@tvm/api/loopback.ts';
import { SourceFailure } from '../model/source.ts';
import { isLoopbackAddress, isMetadataAddress, isNeverPublic } from './addresses.ts';

/**
 * The addresses that a client may connect to. `issuer`: any address over TLS, only loopback without TLS. `public`: the
 * same without link-local addresses, which are checked at connection time so that no name leads to a metadata server.
 * `metadata`: without TLS to link-local addresses of cloud metadata servers and to loopback, never through a proxy.
 */
export type Reach = 'issuer' | 'public' | 'metadata';

/** A permitted URL, and how to connect to it. */
export interface Target {
  url: URL;
  /** The host for the connection. An IPv6 address has no brackets. */
  host: string;
  port: number;
  /** Resolves a name, and fails for addresses that are not permitted. */
  lookup: LookupFunction;
  /** Whether the connection may use a proxy. */
  mayBeProxied: boolean;
}

/** Names of metadata servers. Behind a proxy, this machine may be unable to resolve them. */
const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog']);

/**
 * Checks whether a URL is permitted.
 *
 * @throws {SourceFailure} if it is not
 */
export function targetOf(text: string, reach: Reach): Target {
  const url = URL.parse(text);
  if (url === null) throw new SourceFailure('the address is not a URL');
  if (url.username || url.password) throw new SourceFailure(`the URL of ${url.host} must not contain a user name`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const plain = url.protocol === 'http:';
  if (!plain && url.protocol !== 'https:') throw new SourceFailure(`${url.host} must be an https URL`);
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

/** Returns which addresses a connection for this URL may use. @throws {SourceFailure} if there are none */
function allowedAddress({ protocol, hostname, host }: URL, reach: Reach): (address: string) => boolean {
  const inPlain = protocol === 'http:';
  if (reach === 'metadata') {
    if (!inPlain) throw new SourceFailure(`${host} is not a metadata server: metadata servers use http`);
    // A name such as foo.localhost may resolve to an address that is not loopback.
    if (isLoopback(hostname)) return isLoopbackAddress;
    if (isIP(hostname.replace(/^\[|\]$/g, '')) === 0 && !METADATA_NAMES.has(hostname)) {
      throw new SourceFailure(`${host} is not a metadata server`);
    }
    return (address) => isMetadataAddress(address);
  }
  if (inPlain && !isLoopback(hostname)) {
    throw new SourceFailure(`${host} must be an https URL: over http, anyone on the network could read the secret`);
  }
  if (inPlain) return isLoopbackAddress;
  return reach === 'public' ? (address) => !isNeverPublic(address) : () => true;
}

/** Resolves a name with the system. The connection uses the returned address, so that the name cannot change in between. */
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

/** The callbacks that wait for each running lookup, by name. */
const waiting = new Map<string, Found[]>();

/**
 * A system lookup cannot be cancelled, and only a few run at a time. Repeated lookups of a name whose server hangs must not
 * block lookups of other names.
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
      ? `${shown} was not contacted: this source may not connect to it`
      : `${shown} was not contacted: it resolves to ${address}, to which this source may not connect`,
  );
}
