import * as z from 'zod';
import { issuerUrl, transportFields } from '../settings/fields.ts';
import { secretFields } from '../settings/secret-reference.ts';
import { mountPath, vaultPath } from './paths.ts';

const mounted = (method: string) =>
  mountPath
    .optional()
    .meta({ description: `Where the auth method is mounted, without auth/ before it. Default: ${method}.` });

/** How to log in to Vault: one of its auth methods. */
export const vaultAuth = z
  .discriminatedUnion(
    'method',
    [
      z.strictObject({
        method: z.literal('approle'),
        mount: mounted('approle'),
        ...secretFields('role_id', 'The role id'),
        ...secretFields('secret_id', 'The secret id'),
        ...secretFields('wrapped_secret_id', 'A response-wrapping token that holds the secret id'),
      }),
      z.strictObject({
        method: z.literal('jwt'),
        mount: mounted('jwt'),
        ...secretFields('jwt', 'The JWT, of another token of this file for example'),
      }),
      z.strictObject({
        method: z.literal('aws'),
        mount: mounted('aws'),
        region: z
          .string()
          .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: 'must be a region of AWS, such as eu-central-1' })
          .optional()
          .meta({ description: 'The region whose STS is named. Default: the global one, sts.amazonaws.com.' }),
        server_id: z
          .string()
          .regex(/^[\x21-\x7e]{1,256}$/, { error: 'must be the server’s id, of visible ASCII characters' })
          .optional()
          .meta({ description: 'The X-Vault-AWS-IAM-Server-ID that the mount asks for.' }),
      }),
      z.strictObject({ method: z.literal('cert'), mount: mounted('cert') }),
    ],
    { error: 'must be approle, jwt, aws or cert' },
  )
  .meta({ id: 'VaultLogin', description: 'How to log in to Vault: one of its auth methods.' });
export type VaultAuth = z.infer<typeof vaultAuth>;

/** What every source of Vault has: where it is, and who logs in there. */
export const vaultFields = {
  vault_addr: issuerUrl
    .refine((text) => !URL.parse(text)?.search, { error: 'must be a URL without a query' })
    .meta({ description: 'Vault’s URL, such as https://vault.example.com:8200.' }),
  vault_namespace: z
    .string({ error: 'must be a namespace' })
    .regex(/^[\w.-]+(\/[\w.-]+)*\/?$/, { error: 'must be a namespace, such as team/app' })
    .optional()
    .meta({ description: 'The namespace (X-Vault-Namespace) that the login and the path are in.' }),
  vault_role: z
    .string({ error: 'must be the name of a role' })
    .regex(/^[A-Za-z0-9_][\w.-]{0,199}$/, {
      error: 'must be the name of a role: letters, digits, dots, hyphens and underscores',
    })
    .optional()
    .meta({
      description:
        'The role to log in as. With AppRole, its ids are the systemd credentials ROLE.role_id and ROLE.secret_id, or ' +
        'else the files of these names in the folder secrets beside this file, unless auth says otherwise.',
    }),
  vault_path: vaultPath.meta({ description: 'What to read, such as secret/data/app (KV v2) or secret/app (KV v1).' }),
  auth: vaultAuth.optional().meta({ description: 'How to log in. Default: by AppRole.' }),
  ...transportFields,
};

const settingsOfVault = z.strictObject(vaultFields);
export type VaultSettings = z.infer<typeof settingsOfVault>;

/** What of a login can be missing, as a fault of the settings. For `superRefine`. */
export function checkLogin(
  { auth, vault_role, client_certificate }: VaultSettings,
  { addIssue }: { addIssue: (fault: { code: 'custom'; message: string; path: string[] }) => void },
): void {
  const fault = (message: string, ...path: string[]) => addIssue({ code: 'custom', message, path });
  const role = 'must be given: the role to log in as';
  if (auth === undefined || auth.method === 'approle') {
    const known = auth ?? { method: 'approle' as const };
    const secretId = known.secret_id !== undefined || known.secret_id_path !== undefined;
    const wrapped = known.wrapped_secret_id !== undefined || known.wrapped_secret_id_path !== undefined;
    const roleId = known.role_id !== undefined || known.role_id_path !== undefined;
    // The role also says where a wrapping token must have been made.
    if (vault_role === undefined && !(roleId && secretId)) fault(role, 'vault_role');
    if (secretId && wrapped) fault('must not be given together with secret_id', 'auth', 'wrapped_secret_id');
  }
  if (auth?.method === 'jwt' && auth.jwt === undefined && auth.jwt_path === undefined) {
    fault('must say where the JWT is, as in { token: another-token }', 'auth', 'jwt');
  }
  if (auth?.method === 'cert' && client_certificate === undefined) {
    fault('must be given to log in with a certificate', 'client_certificate');
  }
}
