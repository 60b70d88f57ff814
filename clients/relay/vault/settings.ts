import * as z from 'zod';
import { issuerUrl } from '../settings/fields.ts';
import { secretFields } from '../settings/secret-reference.ts';
import { transportFields } from '../settings/transport.ts';
import { mountPath, vaultPath } from './paths.ts';

const mounted = (method: string) =>
  mountPath
    .optional()
    .meta({ description: `The mount path of the auth method, without the prefix auth/. Default: ${method}.` });

/** The login to Vault, with one of its auth methods. */
export const vaultAuth = z
  .discriminatedUnion(
    'method',
    [
      z.strictObject({
        method: z.literal('approle'),
        mount: mounted('approle'),
        ...secretFields('role_id', 'The role id'),
        ...secretFields('secret_id', 'The secret id. A role with `bind_secret_id=false` needs only `role_id`'),
        ...secretFields('wrapped_secret_id', 'A response-wrapping token that contains the secret id'),
      }),
      z.strictObject({
        method: z.literal('jwt'),
        mount: mounted('jwt'),
        ...secretFields('jwt', 'The JWT, such as another token of this file'),
      }),
      z.strictObject({
        method: z.literal('aws'),
        mount: mounted('aws'),
        region: z
          .string()
          .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be an AWS region, such as eu-central-1' })
          .optional()
          .meta({ description: 'The region of the STS endpoint. Default: the global endpoint, sts.amazonaws.com.' }),
        server_id: z
          .string()
          .regex(/^[\x21-\x7e]{1,256}$/, { error: 'must be a server id of visible ASCII characters' })
          .optional()
          .meta({ description: 'The X-Vault-AWS-IAM-Server-ID header that the mount requires.' }),
      }),
      z.strictObject({ method: z.literal('cert'), mount: mounted('cert') }),
    ],
    { error: 'must be approle, jwt, aws or cert' },
  )
  .meta({ id: 'VaultLogin', description: 'The login to Vault, with one of its auth methods.' });
export type VaultAuth = z.infer<typeof vaultAuth>;

/** Settings of every Vault source: the server and the login. */
export const vaultFields = {
  vault_addr: issuerUrl
    .refine((text) => !URL.parse(text)?.search, { error: 'must be a URL without a query' })
    .meta({ description: 'The URL of Vault, such as https://vault.example.com:8200.' }),
  vault_namespace: z
    .string({ error: 'must be a namespace' })
    .regex(/^[\w.-]+(\/[\w.-]+)*\/?$/, { error: 'must be a namespace, such as team/app' })
    .optional()
    .meta({ description: 'The namespace (X-Vault-Namespace) of the login and the path.' }),
  vault_role: z
    .string({ error: 'must be the name of a role' })
    .regex(/^[A-Za-z0-9_][\w.-]{0,199}$/, {
      error: 'must be the name of a role: letters, digits, dots, hyphens and underscores',
    })
    .optional()
    .meta({
      description:
        'The role of the login. By default, AppRole reads its ids from the systemd credentials ROLE.role_id and ' +
        'ROLE.secret_id, or from files with these names in the folder secrets next to this file.',
    }),
  vault_path: vaultPath.meta({
    description: 'The path to read, such as secret/data/app (KV v2) or secret/app (KV v1).',
  }),
  auth: vaultAuth.optional().meta({ description: 'The login. Default: AppRole.' }),
  ...transportFields,
};

const settingsOfVault = z.strictObject(vaultFields);
export type VaultSettings = z.infer<typeof settingsOfVault>;

/** Reports missing settings of a login. For `superRefine`. */
export function checkLogin(
  { auth, vault_role, client_certificate }: VaultSettings,
  { addIssue }: { addIssue: (fault: { code: 'custom'; message: string; path: string[] }) => void },
): void {
  const fault = (message: string, ...path: string[]) => addIssue({ code: 'custom', message, path });
  const role = 'is missing: the role of the login';
  if (auth === undefined || auth.method === 'approle') {
    const known = auth ?? { method: 'approle' as const };
    const secretId = known.secret_id !== undefined || known.secret_id_path !== undefined;
    const wrapped = known.wrapped_secret_id !== undefined || known.wrapped_secret_id_path !== undefined;
    const roleId = known.role_id !== undefined || known.role_id_path !== undefined;
    // The role also determines the creation path that a wrapping token must have.
    if (vault_role === undefined && (!roleId || wrapped)) fault(role, 'vault_role');
    if (secretId && wrapped) fault('must not be given together with secret_id', 'auth', 'wrapped_secret_id');
  }
  if (auth?.method === 'jwt' && auth.jwt === undefined && auth.jwt_path === undefined) {
    fault('is missing: a reference to the JWT, such as { token: another-token }', 'auth', 'jwt');
  }
  if (auth?.method === 'cert' && client_certificate === undefined) {
    fault('is missing: a login with method cert needs it', 'client_certificate');
  }
}
