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
    vault_path: vaultFields.vault_path.meta({ description: 'What to ask for, such as database/creds/app.' }),
    parameters: z.record(z.string().min(1), parameter).optional().meta({
      description: 'What to send: the path is then written (POST), as pki/issue/ROLE wants it, and not read.',
    }),
    fields: secretNames,
    revoke_on_stop: z
      .boolean()
      .optional()
      .meta({
        description:
          'Give the login back when the agent stops: Vault then revokes the secret at once. Default: false, so that ' +
          'applications can work on while the agent is restarted.',
      }),
  })
  .superRefine(checkLogin);

/**
 * A secret that Vault makes when it is asked, under a lease: credentials of a database, keys of AWS, a certificate.
 *
 * The lease of the one in use is renewed for as long as Vault allows it; then comes a new secret. It ends with its lease
 * or with the login that it was leased with, whichever is sooner: Vault revokes it then.
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
    const client = vaultClient(given);
    const session = vaultSession(client, loginMethod(given, client, tools), tools);
    const { vault_path: path, parameters, fields, revoke_on_stop = false } = given;
    return {
      async fetch(previous, signal): Promise<Token> {
        return await session.use(async (login) => {
          const askedAt = tools.clock.now();
          const renewed = await renewedLease(client, previous, login, askedAt, signal);
          if (renewed !== undefined) return renewed;
          const { token } = login;
          const answer = await client.ask(
            parameters === undefined
              ? { method: 'GET', path, token }
              : { method: 'POST', path, token, body: parameters },
            signal,
          );
          return dynamicToken(answer, { path, fields, login, askedAt });
        }, signal);
      },
      close: () => session.close(revoke_on_stop),
    };
  },
};
