import * as z from 'zod';
import type { SourceKind } from '../model/source.ts';
import type { Token } from '../model/token.ts';
import { vaultClient } from '../vault/client.ts';
import { dynamicToken } from '../vault/dynamic-answer.ts';
import { renewedLease } from '../vault/lease.ts';
import { loginMethod } from '../vault/login.ts';
import { vaultSession } from '../vault/session.ts';
import { checkLogin, vaultFields } from '../vault/settings.ts';
import { secretNames } from '../vault/values.ts';

const parameter = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())], {
  error: 'must be a text, a number, true, false or a list of texts',
});

const settings = z
  .strictObject({
    ...vaultFields,
    vault_path: vaultFields.vault_path.meta({ description: 'The path to read, such as database/creds/app.' }),
    parameters: z.record(z.string().min(1), parameter).optional().meta({
      description: 'Parameters to send with POST instead of a read, for paths such as pki/issue/ROLE.',
    }),
    fields: secretNames,
    revoke_on_stop: z
      .boolean()
      .optional()
      .meta({
        description:
          'Whether to revoke the Vault login when the agent stops, which revokes the secret immediately. ' +
          'Default: false, so that applications keep working while the agent restarts.',
      }),
  })
  .superRefine(checkLogin);

/**
 * A dynamic secret of Vault with a lease: database credentials, AWS keys or a certificate.
 *
 * The lease of the current secret is renewed as long as Vault allows it; after that, a new secret is requested. A
 * secret expires with its lease or with the login that created it, whichever is sooner: Vault revokes it then.
 *
 * @see https://developer.hashicorp.com/vault/docs/concepts/lease
 * @see https://developer.hashicorp.com/vault/api-docs/secret/databases#generate-credentials
 * @see https://developer.hashicorp.com/vault/api-docs/secret/aws#generate-credentials
 * @see https://developer.hashicorp.com/vault/api-docs/secret/pki#generate-certificate-and-key
 */
export const vaultDynamic: SourceKind<'vault_dynamic', typeof settings> = {
  type: 'vault_dynamic',
  settings,
  create(given, tools) {
    const client = vaultClient(given, tools.secret);
    const session = vaultSession(client, loginMethod(given, client, tools), tools);
    const { vault_path: path, parameters, fields, revoke_on_stop = false } = given;
    return {
      async fetch(previous, signal): Promise<Token> {
        return await session.use(async (login) => {
          const requestedAt = tools.clock.now();
          const renewed = await renewedLease(client, previous, login, requestedAt, signal);
          if (renewed !== undefined) return renewed;
          const { token } = login;
          const answer = await client.ask(
            parameters === undefined
              ? { method: 'GET', path, token }
              : { method: 'POST', path, token, body: parameters },
            signal,
          );
          return dynamicToken(answer, { path, fields, login, requestedAt });
        }, signal);
      },
      close: () => session.close(revoke_on_stop),
    };
  },
};
