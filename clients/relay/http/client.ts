import { isUtf8 } from 'node:buffer';
import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as tlsRequest } from 'node:https';
import { isIP } from 'node:net';
import { type SecureContext, connect as tlsConnect } from 'node:tls';
import { SourceFailure } from '../model/source.ts';
import { type SecretReference, secretOf } from '../settings/secret-reference.ts';
import type { Transport } from '../settings/transport.ts';
import { certificates } from './certificates.ts';
import type { HttpAnswer, HttpRequest } from './exchange.ts';
import { type Reach, type Target, targetOf } from './reach.ts';
import { isUnknownIssuer, reasonInWords } from './reason-in-words.ts';
import { tunnel } from './tunnel.ts';

export type { HttpAnswer, HttpRequest } from './exchange.ts';
export { jsonObject } from './json-object.ts';
export type { Reach } from './reach.ts';

export interface HttpClient {
  /**
   * Sends one request and reads the whole response. Neither retries nor follows redirects.
   *
   * @throws {SourceFailure} if the response is late or too large
   */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer>;
  /** Closes idle connections. */
  close(): void;
}

/** The maximum size of a response, in bytes. */
const LARGEST = 1024 * 1024;
const DEFAULT_TIMEOUT_SECONDS = 10;

/**
 * How long idle connections stay open, in milliseconds: only for the next request of the same fetch. A firewall may drop
 * older connections, and a renewal would then wait for its whole time limit.
 */
const IDLE = 4_000;

/** Reads a secret. @throws {SourceFailure} */
export type ReadSecret = (reference: SecretReference) => Promise<string>;

/**
 * Returns a client for one issuer. It reads certificate files for the first connection, and again when they change.
 *
 * @param secret reads the password of the proxy, for each tunnel. Needed if the transport has one
 */
export function httpClient(transport: Transport, reach: Reach, secret?: ReadSecret): HttpClient {
  const trust = certificates(transport);
  let plainAgent: HttpAgent | undefined;
  let tls: { context: SecureContext; agent: HttpsAgent } | undefined;

  /** Returns the agent for the current certificates. An agent reuses connections and TLS sessions of its certificates. */
  async function tlsAgent(): Promise<HttpsAgent> {
    const context = await trust.current();
    if (tls?.context !== context) {
      tls?.agent.destroy();
      tls = { context, agent: new HttpsAgent({ keepAlive: true, timeout: IDLE, ...tlsOptions(context) }) };
    }
    return tls.agent;
  }

  async function open(target: Target, { method, headers, body }: HttpRequest, signal: AbortSignal) {
    const { url, lookup, host } = target;
    const options = { method, headers: { ...headers, 'accept-encoding': 'identity' }, signal, lookup };
    if (url.protocol === 'http:') {
      plainAgent ??= new HttpAgent({ keepAlive: true, timeout: IDLE });
      return await answerTo(request(url, { ...options, agent: plainAgent }), body);
    }
    if (transport.proxy === undefined || !target.mayBeProxied) {
      return await answerTo(tlsRequest(url, { ...options, agent: await tlsAgent() }), body);
    }
    const context = await trust.current();
    const authorization = await proxyAuthorization(transport, secret);
    const socket = await tunnel(transport.proxy, authorization, target, signal);
    const secured = () =>
      tlsConnect({ socket, host, servername: isIP(host) === 0 ? host : '', ...tlsOptions(context) });
    try {
      return await answerTo(tlsRequest(url, { ...options, defaultPort: 443, createConnection: secured }), body);
    } finally {
      // A request that fails early never takes over the socket.
      socket.destroy();
    }
  }

  async function openTrustingSystem(target: Target, request: HttpRequest, signal: AbortSignal) {
    const { trustsSystem } = trust;
    try {
      return await open(target, request, signal);
    } catch (error) {
      // Nothing of the request was sent: the connection failed before.
      if (trustsSystem || !isUnknownIssuer(error) || !trust.trustSystem()) throw error;
      return await open(target, request, signal);
    }
  }

  return {
    async send(request, signal) {
      const target = targetOf(request.url, reach);
      const shown = target.url.host;
      const seconds = transport.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS;
      const limit = new AbortController();
      const giveUp = () => limit.abort(new SourceFailure(`the request to ${shown} was cancelled`));
      const timer = setTimeout(
        () => limit.abort(new SourceFailure(`${shown} sent no complete response within ${seconds} seconds`)),
        seconds * 1_000,
      );
      signal.addEventListener('abort', giveUp);
      if (signal.aborted) giveUp();
      try {
        return await Promise.race([openTrustingSystem(target, request, limit.signal), aborted(limit.signal)]);
      } catch (error) {
        if (limit.signal.aborted) throw limit.signal.reason;
        throw error instanceof SourceFailure
          ? error
          : new SourceFailure(`${shown} ${reasonInWords(error, transport.ca_file)}`);
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
      }
    },
    close() {
      plainAgent?.destroy();
      tls?.agent.destroy();
    },
  };
}

/** Returns the header that authenticates at the proxy (RFC 7617, section 2), if there is a user name. */
async function proxyAuthorization(transport: Transport, secret: ReadSecret | undefined): Promise<string | undefined> {
  if (transport.proxy_user === undefined) return undefined;
  const reference = secretOf(transport, 'proxy_password');
  if (reference === undefined || secret === undefined) throw new SourceFailure('proxy_password_path is missing');
  return `Basic ${Buffer.from(`${transport.proxy_user}:${await secret(reference)}`).toString('base64')}`;
}

function tlsOptions(secureContext: SecureContext) {
  // Explicit, because an environment variable could otherwise disable the verification.
  return { secureContext, rejectUnauthorized: true };
}

/** Rejects when the signal aborts. Some operations, such as a DNS lookup, ignore the signal. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

async function answerTo(request: ClientRequest, body: string | undefined): Promise<HttpAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    // Keep this listener. An error after the response has begun is reported by the response too; without the listener it
    // would also crash the process.
    request.on('error', reject);
    request.end(body);
  });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST) {
      request.destroy();
      throw new SourceFailure(`${request.getHeader('host')} sent a response of more than 1 MiB`);
    }
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  if (!isUtf8(bytes)) throw new SourceFailure(`${request.getHeader('host')} sent a response that is not text`);
  // A parser may ignore a byte order mark (RFC 8259, section 8.1).
  const text = bytes.toString().replace(/^\ufeff/, '');
  return { status: response.statusCode ?? 0, headers: response.headers, body: text };
}
