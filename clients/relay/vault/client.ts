import { retryAfterOf } from '@tvm/api/retry-after.ts';
import * as z from 'zod';
import { type HttpAnswer, httpClient, jsonObject, type ReadSecret } from '../http/client.ts';
import { parseExactly, rounded } from '../model/exact-json.ts';
import { SourceFailure } from '../model/source.ts';
import type { Transport } from '../settings/transport.ts';
import { encodedPath } from './paths.ts';
import { VaultRefusal } from './refusal.ts';

/** In seconds. */
const duration = z.preprocess(rounded, z.number().min(0).nullish());

/** The fields of a Vault response that are read here. Some servers omit unset fields. */
const answerShape = z.object({
  lease_id: z.string().nullish(),
  lease_duration: duration,
  renewable: z.boolean().nullish(),
  data: z.record(z.string(), z.unknown()).nullish(),
  auth: z
    .object({
      client_token: z.string(),
      lease_duration: duration,
      renewable: z.boolean().nullish(),
    })
    .nullish(),
});
export type VaultAnswer = z.infer<typeof answerShape>;

/** A request to Vault. */
export interface VaultRequest {
  method: 'GET' | 'POST';
  /** A path that `vaultPath` accepts. */
  path: string;
  /** The token of the login, or a wrapping token. */
  token?: string | undefined;
  /** The body, sent as JSON. */
  body?: Record<string, unknown>;
}

export interface VaultClient {
  /** The server's name for messages: `Vault at vault.example.com:8200`. */
  readonly name: string;
  /**
   * Sends one request.
   *
   * @param accepted statuses to return besides 200 to 299, if the body is a Vault response
   * @returns an empty response if Vault sends no content (204)
   * @throws {VaultRefusal} for any other status
   * @throws {SourceFailure} if there is no response, or it is not a Vault response
   */
  ask(
    request: VaultRequest,
    signal: AbortSignal,
    accepted?: readonly number[],
  ): Promise<VaultAnswer & { status: number }>;
  /** Closes idle connections. */
  close(): void;
}

/** The address of a Vault server and the settings of the connection. */
export type VaultAddress = Transport & { vault_addr: string; vault_namespace?: string | undefined };

/** Tokens must be visible ASCII, because they are sent in a header. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/**
 * Creates a client of Vault's HTTP API.
 *
 * Each request has `X-Vault-Request: true`, as in HashiCorp's own clients. A Vault Agent or Proxy may require this
 * header, because a web page in a browser cannot send it.
 *
 * @param secret reads the password of a proxy
 * @see https://developer.hashicorp.com/vault/api-docs
 */
export function vaultClient(
  { vault_addr, vault_namespace, ...transport }: VaultAddress,
  secret?: ReadSecret,
): VaultClient {
  const http = httpClient(transport, 'issuer', secret);
  const { host, origin, pathname } = new URL(vault_addr);
  const base = `${origin}${pathname.replace(/\/+$/, '')}/v1/`;
  const name = `Vault at ${host}`;
  return {
    name,
    async ask({ method, path, token, body }, signal, accepted = []) {
      if (token !== undefined && !TOKEN.test(token))
        throw new SourceFailure(`the token for ${name} is not a valid Vault token`);
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
  const content = answerShape.safeParse(jsonObject(answer, name, parseExactly));
  if (!content.success)
    throw new SourceFailure(`${name} responded with status ${answer.status}, but not with a Vault response`);
  return content.data;
}

function parsed(body: string): unknown {
  try {
    return parseExactly(body);
  } catch {
    return undefined;
  }
}
