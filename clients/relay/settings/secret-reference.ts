import * as z from 'zod';
import { absolutePath } from './fields.ts';

/** Where a secret is: never the secret itself, unless that is said outright. */
export const secretReference = z
  .union(
    [
      z.strictObject({ file: absolutePath.meta({ description: 'A file; one line end at its end does not count.' }) }),
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
        token: z.string().min(1).meta({ description: 'The name of another token of this file.' }),
        value: z.string().min(1).optional().meta({ description: 'Which of its values, where it has several.' }),
      }),
      z.strictObject({
        insecure_inline: z
          .string()
          .min(1)
          .meta({ description: 'The secret itself. Each start of the agent warns of it.' }),
      }),
    ],
    { error: helpfully },
  )
  .meta({
    id: 'SecretReference',
    description: 'Where a secret is: a file, an environment variable, a systemd credential or another token.',
  });
export type SecretReference = z.infer<typeof secretReference>;

/** Whether a reference to a secret belongs where a schema holds. */
export function isSecretReference(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodUnion && schema.options === secretReference.options;
}

/** A text where a reference belongs: it may be a path, or the secret itself, and is not repeated. */
function helpfully({ input, path = [] }: { input?: unknown; path?: PropertyKey[] | undefined }): string {
  if (typeof input !== 'string') return 'must say where the secret is, as in { file: /etc/tokenrelay/secrets/name }';
  const key = path.findLast((step) => typeof step === 'string');
  const byPath = key === undefined ? '{ file: /its/path }' : `${String(key)}_path with the path of its file`;
  return `must say where the secret is, and not be it: write ${byPath}, or { env: NAME } for an environment variable`;
}

/**
 * The two spellings of where a secret is: `NAME_path` with a path, or `NAME` with a reference. At most one of them is
 * given; `secretOf` reads either.
 */
export function secretFields<Name extends string>(name: Name, description: string) {
  return {
    [`${name}_path`]: absolutePath.optional().meta({ description: `${description}: the file that holds it.` }),
    [name]: secretReference.optional().meta({ description: `${description}: where it is.` }),
  } as { [Key in `${Name}_path`]: z.ZodOptional<typeof absolutePath> } & {
    [Key in Name]: z.ZodOptional<typeof secretReference>;
  };
}

/** Where the secret of this name is, or nothing when the settings do not say. */
export function secretOf<Name extends string>(
  settings: { [Key in `${Name}_path`]?: string | undefined } & { [Key in Name]?: SecretReference | undefined },
  name: Name,
): SecretReference | undefined {
  const path = (settings as Record<string, unknown>)[`${name}_path`] as string | undefined;
  return path === undefined ? (settings[name] as SecretReference | undefined) : { file: path };
}
