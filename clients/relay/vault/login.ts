import { createHash } from 'node:crypto';
import type { Clock } from '../model/clock.ts';
import { SourceFailure, type SourceTools } from '../model/source.ts';
import type { VaultAnswer, VaultClient } from './client.ts';
import { appRoleLogin } from './login-approle.ts';
import { awsLogin } from './login-aws.ts';
import { jwtLogin } from './login-jwt.ts';
import type { LoginMethod } from './login-method.ts';
import type { VaultAuth, VaultSettings } from './settings.ts';

/** A login that Vault accepted. */
export interface Login {
  /** Of Vault, for its header. */
  readonly token: string;
  /** Tells one login from another, and holds nothing of the token that could be used. */
  readonly id: string;
  readonly renewable: boolean;
  /** How long it lasts when it is made or renewed, in milliseconds. */
  readonly lifetime: number;
  /** When it ends, in milliseconds since the epoch; for one that does not end, infinite. */
  readonly endsAt: number;
}

/** The auth method that the settings ask for. */
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

/** Logs in anew. @throws {SourceFailure} */
export async function logIn(
  client: VaultClient,
  method: LoginMethod,
  clock: Clock,
  signal: AbortSignal,
): Promise<Login> {
  const body = await method.body(signal);
  const askedAt = clock.now();
  const answer = await client.ask({ method: 'POST', path: `auth/${method.mount}/login`, body }, signal);
  return loginIn(answer, client, askedAt);
}

/**
 * Asks for as long again as the login lasted at first. Vault may grant less, and nothing beyond the role's maximum.
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
  const askedAt = clock.now();
  const increment = `${Math.round(lifetime / 1_000)}s`;
  const answer = await client.ask(
    { method: 'POST', path: 'auth/token/renew-self', token, body: { increment } },
    signal,
  );
  return loginIn(answer, client, askedAt);
}

function loginIn({ auth }: VaultAnswer, client: VaultClient, askedAt: number): Login {
  if (!auth?.client_token) throw new SourceFailure(`${client.name} accepted the login, but gave no token`);
  const lifetime = (auth.lease_duration || Number.POSITIVE_INFINITY) * 1_000;
  return {
    token: auth.client_token,
    id: createHash('sha256').update(auth.client_token).digest('base64url').slice(0, 22),
    renewable: auth.renewable === true,
    lifetime,
    endsAt: askedAt + lifetime,
  };
}

/**
 * Logs in with the client certificate that the connection shows anyway.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/auth/cert#login-with-tls-certificate-method
 */
function certLogin({ mount }: Extract<VaultAuth, { method: 'cert' }>, { vault_role }: VaultSettings): LoginMethod {
  return { mount: mount ?? 'cert', body: async () => (vault_role === undefined ? {} : { name: vault_role }) };
}
