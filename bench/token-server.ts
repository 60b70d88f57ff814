/**
 * `token-server.ts tvm|oidc-provider|nothing`, started by oidc-provider.ts: one of the compared token endpoints, behind
 * node:http on loopback. It reports its URL and then, for each message, its CPU time so far.
 */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose';
import Provider from 'oidc-provider';
import { report } from './apart.ts';
import { apiEvent, lambdaContext, TOKEN_REQUEST } from './api-events.ts';
import { policySet } from './policy-sets.ts';
import { ISSUER, serviceInMemory } from './service-in-memory.ts';

/** The report of a started token server. */
export interface TokenServer {
  url: string;
  /** The form that requests a token. */
  form: string;
  /** The keys that verify its tokens. */
  jwks: JSONWebKeySet;
}

type Endpoint = Omit<TokenServer, 'url'> & { listener: RequestListener };

const POLICIES = 10;

/** Creates TVM's handler, with a minimal conversion of HTTP requests to API Gateway events. */
async function tvm(): Promise<Endpoint> {
  const { handler, jwks } = await serviceInMemory(policySet(POLICIES));
  const listener: RequestListener = async (request, response) => {
    const { statusCode, headers, body } = await handler(apiEvent('/token', await text(request)), lambdaContext());
    response.writeHead(statusCode, headers as Record<string, string>).end(body);
  };
  return { listener, form: TOKEN_REQUEST, jwks };
}

/**
 * Creates node-oidc-provider with its own in-memory adapter: one client and one resource server that accepts ES256
 * JWTs.
 */
async function oidcProvider(): Promise<Endpoint> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const kid = await calculateJwkThumbprint(await exportJWK(publicKey));
  const client = { client_id: 'orders-service', client_secret: 'a secret of a bench, known to all' };
  const resource = 'https://orders-db.example.com';
  const provider = new Provider(ISSUER, {
    clients: [
      {
        ...client,
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        token_endpoint_auth_method: 'client_secret_post',
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid, alg: 'ES256', use: 'sig' }] },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'orders:read',
          audience: resource,
          accessTokenTTL: 900,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  const form = { grant_type: 'client_credentials', resource, scope: 'orders:read', ...client };
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] };
  return { listener: provider.callback(), form: new URLSearchParams(form).toString(), jwks };
}

/** Creates an endpoint that does nothing, to measure node:http itself. */
async function nothing(): Promise<Endpoint> {
  const listener: RequestListener = async (request, response) => {
    await text(request);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  };
  return { listener, form: TOKEN_REQUEST, jwks: { keys: [] } };
}

const ENDPOINTS = { tvm, 'oidc-provider': oidcProvider, nothing };

await report(async (): Promise<TokenServer> => {
  const name = process.argv[2] as keyof typeof ENDPOINTS;
  const { listener, form, jwks } = await ENDPOINTS[name]();
  // oidc-provider serves the path /token, as the others do.
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.on('message', () => report(async () => process.cpuUsage()));
  process.once('disconnect', () => process.exit());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, form, jwks };
});
