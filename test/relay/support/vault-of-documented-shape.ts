import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { ManualClock } from './vault-tools.ts';

type Json = Record<string, unknown>;

export interface Asked {
  method: string;
  /** The path as it was sent, without `/v1/`. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Json;
}

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  /** The body. A string is sent unchanged. */
  body?: Json | string;
}

interface Held {
  renewable: boolean;
  /** Maximum time granted at once, in seconds. */
  ttl: number;
  /** The expiry, in milliseconds since the epoch. */
  endsAt: number;
  lastsUntil: number;
}

/**
 * A small server that follows the documentation of Vault's API. It covers what RustyVault lacks: KV version 2,
 * renewals, self-revocation, response wrapping, namespaces, JWT and AWS logins.
 *
 * @see https://developer.hashicorp.com/vault/api-docs
 */
export interface DocumentedVault {
  address: string;
  clock: ManualClock | undefined;
  asked: Asked[];
  /** Returns a response to send instead of the documented one, or undefined. */
  instead: (asked: Asked) => Answer | undefined;
  /** The namespace that requests must name, if any. */
  namespace: string | undefined;
  /** Accepted logins, by mount: each function reports whether the body is valid. */
  accepts: Record<string, (body: Json) => boolean>;
  /** The lifetime that a login gets, in seconds. */
  login: { ttl: number; maxTtl: number; renewable: boolean };
  /** The lifetime that a leased secret gets, in seconds. */
  lease: { ttl: number; maxTtl: number; renewable: boolean };
  /** The data or the status at each path. With `leased`, each read returns new data with a lease. */
  secrets: Record<string, { data: Json | null; leased?: boolean; status?: number }>;
  /** The valid tokens, and the leases by their IDs. */
  tokens: Map<string, Held>;
  leases: Map<string, Held & { token: string }>;
  /** Creates a response-wrapping token. */
  wrap(creationPath: string, data: Json): string;
  /** Returns the requests so far, as in `POST auth/approle/login`. */
  log(): string[];
}

/** Starts a server for the tests of a file, and resets it before each. */
export function useVaultOfDocumentedShape(): DocumentedVault {
  const wrapped = new Map<string, { creationPath: string; data: Json }>();
  const vault: DocumentedVault = {
    address: '',
    clock: undefined,
    asked: [],
    instead: () => undefined,
    namespace: undefined,
    accepts: {},
    login: { ttl: 600, maxTtl: 3_600, renewable: true },
    lease: { ttl: 300, maxTtl: 3_600, renewable: true },
    secrets: {},
    tokens: new Map(),
    leases: new Map(),
    wrap(creationPath, data) {
      const token = `hvs.${randomUUID()}`;
      wrapped.set(token, { creationPath, data });
      return token;
    },
    log: () => vault.asked.map(({ method, path }) => `${method} ${path}`),
  };
  const now = () => vault.clock?.now() ?? Date.now();
  const held = ({ ttl, maxTtl, renewable }: DocumentedVault['login']): Held => ({
    ttl,
    renewable,
    endsAt: now() + ttl * 1_000,
    lastsUntil: now() + maxTtl * 1_000,
  });
  const isAlive = (one: Held | undefined) => one !== undefined && one.endsAt > now();

  /** Returns the new expiry. The increment counts from now, is only advice, and is limited by the maximum. */
  function renewed(one: Held, increment: unknown): number {
    const seconds = Number.parseInt(String(increment ?? one.ttl), 10) || one.ttl;
    one.endsAt = Math.min(now() + seconds * 1_000, one.lastsUntil);
    return Math.floor((one.endsAt - now()) / 1_000);
  }

  function login(mount: string, body: Json): Answer {
    if (!vault.accepts[mount]?.(body)) return { status: 400, body: { errors: [`invalid ${JSON.stringify(body)}`] } };
    const client_token = `hvs.${randomUUID()}`;
    vault.tokens.set(client_token, held(vault.login));
    const { ttl, renewable } = vault.login;
    return { body: { auth: { client_token, lease_duration: ttl, renewable }, data: null, lease_id: '' } };
  }

  function wrapping(what: string, token: string | undefined, body: Json): Answer {
    // The token must be in its own header or in the body. Both would be two uses of a single-use token.
    const shown = String(what === 'lookup' ? body.token : token);
    const content = body.token !== undefined && token !== undefined ? undefined : wrapped.get(shown);
    if (content === undefined)
      return { status: 400, body: { errors: ['wrapping token is not valid or does not exist'] } };
    if (what === 'lookup') return { body: { data: { creation_path: content.creationPath, creation_ttl: 300 } } };
    wrapped.delete(shown);
    return { body: { data: content.data } };
  }

  function ofLogin(path: string, token: string, body: Json): Answer | undefined {
    const self = vault.tokens.get(token);
    if (path === 'auth/token/lookup-self') return { body: { data: { id: token } } };
    if (path === 'auth/token/renew-self') {
      if (!self?.renewable) return { status: 400, body: { errors: ['lease is not renewable'] } };
      const lease_duration = renewed(self, body.increment);
      return { body: { auth: { client_token: token, lease_duration, renewable: true } } };
    }
    if (path !== 'auth/token/revoke-self') return undefined;
    vault.tokens.delete(token);
    // A login's leases are revoked with it.
    for (const [id, lease] of vault.leases) if (lease.token === token) vault.leases.delete(id);
    return { status: 204 };
  }

  function read(path: string, token: string): Answer {
    const secret = vault.secrets[path];
    if (secret === undefined) return { status: 404, body: { errors: [] } };
    if (!secret.leased) return { status: secret.status ?? 200, body: { data: secret.data, lease_id: '' } };
    const lease_id = `${path}/${randomUUID()}`;
    vault.leases.set(lease_id, { ...held(vault.lease), token });
    const { ttl, renewable } = vault.lease;
    return { body: { data: secret.data, lease_id, lease_duration: ttl, renewable } };
  }

  function renewLease({ lease_id, increment }: Json): Answer {
    const lease = vault.leases.get(String(lease_id));
    const known = lease !== undefined && isAlive(lease) && isAlive(vault.tokens.get(lease.token));
    if (!known) return { status: 400, body: { errors: ['lease not found'] } };
    if (!lease.renewable) return { status: 400, body: { errors: ['lease is not renewable'] } };
    return { body: { lease_id, renewable: true, lease_duration: renewed(lease, increment) } };
  }

  function answerTo({ method, path, headers, body }: Asked): Answer {
    if (headers['x-vault-request'] !== 'true') return { status: 412, body: { errors: ['missing X-Vault-Request'] } };
    if (headers['x-vault-namespace'] !== vault.namespace) return { status: 404, body: { errors: [] } };
    const token = headers['x-vault-token'] as string | undefined;
    if (method === 'POST' && path.startsWith('sys/wrapping/')) return wrapping(path.slice(13), token, body);
    const mount = /^auth\/(.+)\/login$/.exec(path)?.[1];
    if (method === 'POST' && mount !== undefined) return login(mount, body);
    if (token === undefined || !isAlive(vault.tokens.get(token))) {
      return { status: 403, body: { errors: ['permission denied'] } };
    }
    if (method === 'POST' && path === 'sys/leases/renew') return renewLease(body);
    return ofLogin(path, token, body) ?? read(path, token);
  }

  const server = createServer(async (request, response) => {
    const sent = await text(request);
    const asked: Asked = {
      method: request.method ?? '',
      path: (request.url ?? '').replace(/^\/v1\//, ''),
      headers: request.headers,
      body: sent === '' ? {} : JSON.parse(sent),
    };
    vault.asked.push(asked);
    const { status = 200, headers, body } = vault.instead(asked) ?? answerTo(asked);
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });

  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    vault.address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(() => {
    vault.clock = undefined;
    vault.asked = [];
    vault.instead = () => undefined;
    vault.namespace = undefined;
    vault.accepts = { approle: ({ role_id, secret_id }) => role_id === 'role-1' && secret_id === 'secret-1' };
    vault.login = { ttl: 600, maxTtl: 3_600, renewable: true };
    vault.lease = { ttl: 300, maxTtl: 3_600, renewable: true };
    vault.secrets = {};
    vault.tokens.clear();
    vault.leases.clear();
    wrapped.clear();
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return vault;
}
