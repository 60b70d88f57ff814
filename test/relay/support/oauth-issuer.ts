import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JWK } from 'jose';
import Provider from 'oidc-provider';

export const RESOURCE = 'https://orders-db.example.com';

/** node-oidc-provider on loopback. The caller must close it. */
export interface OAuthIssuer {
  /** Its issuer identifier. */
  issuer: string;
  /** Its token endpoint. */
  endpoint: string;
  close(): Promise<void>;
}

/** A registered client of the issuer. */
export interface KnownClient {
  client_id: string;
  client_secret?: string;
  jwks?: { keys: JWK[] };
  token_endpoint_auth_method: 'client_secret_post' | 'client_secret_basic' | 'private_key_jwt';
  token_endpoint_auth_signing_alg?: string;
}

/** @param lifetime of the issuer's access tokens, in seconds */
export async function oauthIssuer(signing: JWK, clients: KnownClient[], lifetime = 900): Promise<OAuthIssuer> {
  let answer: RequestListener = () => {};
  const server = createServer((request, response) => answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: clients.map((client) => ({
      ...client,
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
      id_token_signed_response_alg: 'ES256',
    })),
    jwks: { keys: [{ ...signing, kid: 'signing', alg: 'ES256', use: 'sig' }] },
    clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    ttl: { ClientCredentials: lifetime },
    scopes: ['orders:read', 'orders:write'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'orders:read orders:write',
          audience: RESOURCE,
          accessTokenTTL: lifetime,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  });
  answer = provider.callback();
  return {
    issuer,
    endpoint: `${issuer}/token`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
