import { retryAfterOf } from '@tvm/api/retry-after.ts';
import * as z from 'zod';
import { type HttpAnswer, httpClient, jsonObject } from '../http/client.ts';
import { SourceFailure } from '../model/source.ts';
import type { Transport } from '../settings/fields.ts';
import { encodedPath } from './paths.ts';
import { VaultRefusal } from './refusal.ts';

/** What every answer of Vault holds, as far as it is read here. Some servers leave out what is not set. */
const answerShape = z.object({
  lease_id: z.string().nullish(),
  /** In seconds. */
  lease_duration: z.number().min(0).nullish(),
  renewable: z.boolean().nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  auth: z
    .object({
      client_token: z.string(),
      lease_duration: z.number().min(0).nullish(),
      renewable: z.boolean().nullish(),
    })
    .nullish(),
});
export type VaultAnswer = z.infer<typeof answerShape>;

/** A request to Vault. */
export interface VaultRequest {
  method: 'GET' | 'POST';
  /** As `vaultPath` allows it. */
  path: string;
  /** Of the login, or a wrapping token. */
  token?: string | undefined;
  /** Sent as JSON. */
  body?: Record<string, unknown>;
}

export interface VaultClient {
  /** How sentences call this server: `Vault at vault.example.com:8200`. */
  readonly name: string;
  /**
   * Asks once.
   *
   * @param accepted statuses that are no refusal, besides 200 to 299, where the answer is one of Vault
   * @returns an empty answer where Vault has nothing to say (204)
   * @throws {VaultRefusal} for another status
   * @throws {SourceFailure} when no answer came, or not one of Vault
   */
  ask(
    request: VaultRequest,
    signal: AbortSignal,
    accepted?: readonly number[],
  ): Promise<VaultAnswer & { status: number }>;
  /** Ends its idle connections. */
  close(): void;
}

/** Where a Vault is and how it is reached. */
export type VaultAddress = Transport & { vault_addr: string; vault_namespace?: string | undefined };

/** A token is sent in a header: anything else than visible ASCII would be another header, or none. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/**
 * A client of Vault's HTTP API.
 *
 * Each request says `X-Vault-Request: true`, as HashiCorp's own clients do: a Vault Agent or Proxy may ask for it, as a
 * page in a browser cannot send it.
 *
 * @see https://developer.hashicorp.com/vault/api-docs
 */
export function vaultClient({ vault_addr, vault_namespace, ...transport }: VaultAddress): VaultClient {
  const http = httpClient(transport, 'issuer');
  const { host, origin, pathname } = new URL(vault_addr);
  const base = `${origin}${pathname.replace(/\/+$/, '')}/v1/`;
  const name = `Vault at ${host}`;
  return {
    name,
    async ask({ method, path, token, body }, signal, accepted = []) {
      if (token !== undefined && !TOKEN.test(token)) throw new SourceFailure(`The token for ${name} is none of Vault`);
      const headers = {
        'x-vault-request': 'true',
        ...(token !== undefined && { 'x-vault-token': token }),
        ...(vault_namespace !== undefined && { 'x-vault-namespace': vault_namespace }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const answer = await http.send(
        {
          method,
          url: base + encodedPath(path),
          headers,
          ...(body !== undefined && { body: JSON.stringify(body) }),
        },
        signal,
      );
      const { status } = answer;
      if (status >= 200 && status <= 299) return { ...contentOf(answer, name), status };
      const refusal = new VaultRefusal(name, path, status, retryAfterOf(answer.headers['retry-after'], Date.now()));
      if (!accepted.includes(status)) throw refusal;
      const content = answerShape.safeParse(parsed(answer.body));
      if (!content.success) throw refusal;
      return { ...content.data, status };
    },
    close: () => http.close(),
  };
}

function contentOf(answer: HttpAnswer, name: string): VaultAnswer {
  if (answer.body.trim() === '') return {};
  const content = answerShape.safeParse(jsonObject(answer, name));
  if (!content.success) throw new SourceFailure(`${name} answered ${answer.status}, but not as Vault answers`);
  return content.data;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
