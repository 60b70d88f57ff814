import * as z from 'zod';
import type { SourceKind } from '../model/source.ts';
import { vaultClient } from '../vault/client.ts';
import { secretIn } from '../vault/kv-answer.ts';
import { loginMethod } from '../vault/login.ts';
import { vaultSession } from '../vault/session.ts';
import { checkLogin, vaultFields } from '../vault/settings.ts';
import { secretNames, textValues } from '../vault/values.ts';

const settings = z
  .strictObject({
    ...vaultFields,
    kv_version: z
      .union([z.literal(1), z.literal(2)], { error: 'must be 1 or 2' })
      .optional()
      .meta({ description: 'The version of the key-value engine. Default: detected from the response.' }),
    fields: secretNames,
  })
  .superRefine(checkLogin);

/**
 * A secret from Vault's key-value engine, version 1 or 2, with the names of its values in Vault.
 *
 * Such a secret has no lease. The `lease_duration` that version 1 returns is an advisory refresh interval, not an
 * expiry; `refresh_interval_minutes` sets how often to fetch. A secret version with a `deletion_time` expires at that
 * time.
 *
 * @see https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v1
 * @see https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
 */
export const hashicorpVaultKv: SourceKind<'hashicorp_vault_kv', typeof settings> = {
  type: 'hashicorp_vault_kv',
  settings,
  create(given, tools) {
    const client = vaultClient(given, tools.secret);
    const session = vaultSession(client, loginMethod(given, client, tools), tools);
    const { vault_path: path, kv_version: version, fields } = given;
    return {
      async fetch(_previous, signal) {
        const fetchedAt = tools.clock.now();
        const answer = await session.use(
          ({ token }) => client.ask({ method: 'GET', path, token }, signal, [404]),
          signal,
        );
        const { data, expiresAt } = secretIn(answer, { server: client.name, path, version, now: fetchedAt });
        return {
          values: textValues(data, path, fields),
          fetchedAt,
          ...(expiresAt !== undefined && { expiresAt }),
        };
      },
      close: () => session.close(true),
    };
  },
};
