import type { Construct } from 'constructs';
import { serveDiscoveryEnv } from '#lambdas/serve-discovery/env.ts';
import type { Foundation } from './foundation.ts';
import { ServiceFunction } from './service-function.ts';
import { grantVerify, type TokenKeys } from './token-keys.ts';

/** Serves the public discovery documents and the public keys of tokens. */
export function discovery(scope: Construct, { defaults, api }: Foundation, keys: TokenKeys): void {
  const serveDiscovery = new ServiceFunction(scope, 'serve-discovery', {
    defaults,
    description: 'GET /.well-known/…: public keys and metadata',
    memorySize: 256,
    env: serveDiscoveryEnv,
    environment: { ISSUER: api.issuer, ...keys.environment },
  });
  for (const name of ['jwks.json', 'openid-configuration', 'oauth-authorization-server']) {
    api.openDocument(`/.well-known/${name}`, serveDiscovery);
  }
  grantVerify(keys, serveDiscovery);
}
