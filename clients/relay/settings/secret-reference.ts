import * as z from 'zod';
import { absolutePath } from './fields.ts';

/** A reference to a secret. Only `insecure_inline` contains the secret itself. */
export const secretReference = z
  .union(
    [
      z.strictObject({
        file: absolutePath.meta({ description: 'The path of a file. One newline at its end is ignored.' }),
      }),
      z.strictObject({
        env: z
          .string()
          .regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of an environment variable' })
          .meta({ description: 'An environment variable of the agent.' }),
      }),
      z.strictObject({
        credential: z
          .string()
          .regex(/^[\w.-]{1,255}$/, { error: 'must be the name of a systemd credential' })
          .meta({ description: 'A systemd credential: a file of this name in $CREDENTIALS_DIRECTORY.' }),
      }),
      z.strictObject({
        token: z.string().min(1).meta({ description: 'The name of another token in this file.' }),
        value: z.string().min(1).optional().meta({ description: 'The name of the value, if that token has several.' }),
      }),
      z.strictObject({
        insecure_inline: z
          .string()
          .min(1)
          .meta({ description: 'The secret itself. The agent logs a warning at each start.' }),
      }),
    ],
    { error: helpfully },
  )
  .meta({
    id: 'SecretReference',
    description: 'A reference to a secret: a file, an environment variable, a systemd credential or another token.',
  });
export type SecretReference = z.infer<typeof secretReference>;

/** Reports whether a schema is that of a secret reference. */
export function isSecretReference(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodUnion && schema.options === secretReference.options;
}

/** Returns the error for a wrong reference. It does not quote text, which may be the secret itself. */
function helpfully({ input, path = [] }: { input?: unknown; path?: PropertyKey[] | undefined }): string {
  if (typeof input !== 'string')
    return 'must be a reference to the secret, such as { file: /etc/tokenrelay/secrets/name }';
  const key = path.findLast((step) => typeof step === 'string');
  const byPath = key === undefined ? '{ file: /path/of/the/file }' : `${String(key)}_path with the path of a file`;
  return `must be a reference, not the secret itself: use ${byPath}, or { env: NAME } for an environment variable`;
}

/**
 * The two settings for the location of a secret: `NAME_path` with a path, or `NAME` with a reference. A configuration
 * sets at most one of them. `secretOf` reads either.
 */
export function secretFields<Name extends string>(name: Name, description: string) {
  return {
    [`${name}_path`]: absolutePath.optional().meta({ description: `${description}: the path of a file.` }),
    [name]: secretReference.optional().meta({ description: `${description}: a reference.` }),
  } as { [Key in `${Name}_path`]: z.ZodOptional<typeof absolutePath> } & {
    [Key in Name]: z.ZodOptional<typeof secretReference>;
  };
}

/** Returns the reference to the secret of this name, or undefined if neither setting is given. */
export function secretOf<Name extends string>(
  settings: { [Key in `${Name}_path`]?: string | undefined } & { [Key in Name]?: SecretReference | undefined },
  name: Name,
): SecretReference | undefined {
  const path = (settings as Record<string, unknown>)[`${name}_path`] as string | undefined;
  return path === undefined ? (settings[name] as SecretReference | undefined) : { file: path };
}
