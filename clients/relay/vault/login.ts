import { createHash } from 'node:crypto';
import type { Clock } from '../model/clock.ts';
import { SourceFailure, type SourceTools } from '../model/source.ts';
import type { VaultAnswer, VaultClient } from './client.ts';
import { appRoleLogin } from './login-approle.ts';
import { awsLogin } from './login-aws.ts';
import { jwtLogin } from './login-jwt.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';

/** A successful login. */
export interface Login {
  /** The Vault token, for the header of requests. */
  readonly token: string;
  /** Identifies the login. A hash, so that it does not reveal the token. */
  readonly id: string;
  readonly renewable: boolean;
  /** The lifetime after a login or a renewal, in milliseconds. */
  readonly lifetime: number;
  /** When the login expires, in milliseconds since the epoch. Infinity if it does not expire. */
  readonly endsAt: number;
}

/** Returns the configured auth method. */
export function loginMethod(settings: VaultSettings, client: VaultClient, tools: SourceTools): LoginMethod {
  const auth = settings.auth ?? { method: 'approle' };
  switch (auth.method) {
    case 'approle':
      return appRoleLogin(auth, settings, client, tools);
    case 'jwt':
      return jwtLogin(auth, settings, tools);
    case 'aws':
      return awsLogin(auth, settings);
    case 'cert':
      return certLogin(auth, settings);
  }
}

/** Logs in. @throws {SourceFailure} */
export async function logIn(
  client: VaultClient,
  method: LoginMethod,
  clock: Clock,
  signal: AbortSignal,
): Promise<Login> {
  const body = await method.body(signal);
  const requestedAt = clock.now();
  const answer = await client.ask({ method: 'POST', path: `auth/${method.mount}/login`, body }, signal);
  return loginIn(answer, client, requestedAt);
}

/**
 * Renews a login for its initial lifetime. Vault may grant less, up to the maximum TTL of the role.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/token#renew-a-token-self
 * @throws {SourceFailure}
 */
export async function renewLogin(
  client: VaultClient,
  { token, lifetime }: Login,
  clock: Clock,
  signal: AbortSignal,
): Promise<Login> {
  const requestedAt = clock.now();
  const increment = `${Math.round(lifetime / 1_000)}s`;
  const answer = await client.ask(
    { method: 'POST', path: 'auth/token/renew-self', token, body: { increment } },
    signal,
  );
  return loginIn(answer, client, requestedAt);
}

function loginIn({ auth }: VaultAnswer, client: VaultClient, requestedAt: number): Login {
  if (!auth?.client_token) throw new SourceFailure(`${client.name} accepted the login, but returned no token`);
  const lifetime = (auth.lease_duration || Number.POSITIVE_INFINITY) * 1_000;
  return {
    token: auth.client_token,
    id: createHash('sha256').update(auth.client_token).digest('base64url').slice(0, 22),
    renewable: auth.renewable === true,
    lifetime,
    endsAt: requestedAt + lifetime,
  };
}

/**
 * Logs in with the client certificate of the TLS connection.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method
 */
function certLogin({ mount }: Extract<VaultAuth, { method: 'cert' }>, { vault_role }: VaultSettings): LoginMethod {
  return { mount: mount ?? 'cert', body: async () => (vault_role === undefined ? {} : { name: vault_role }) };
}
