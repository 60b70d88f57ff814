import * as z from 'zod';
import { absolutePath, account, fileMode } from './fields.ts';

const ownership = {
  permissions: fileMode.optional().meta({ description: 'The mode, in quotes. Default: "0600".' }),
  owner: account.optional().meta({ description: 'The owner. Default: the agent’s user.' }),
  group: account.optional().meta({ description: 'The group. Default: the agent’s group.' }),
};

/** The name of an environment variable. */
const variable = z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of an environment variable' });

/** A file that contains the token. */
export const fileOutput = z
  .strictObject({
    file_path: absolutePath.meta({
      description: 'The path of the file. Its folder must exist, and only the agent may have write access to it.',
    }),
    format: z
      .enum(['json', 'env', 'raw', 'aws-credentials', 'template'], {
        error: 'must be json, env, raw, aws-credentials or template',
      })
      .meta({
        description:
          '`json`: the token and `expiration_timestamp`; `env`: NAME=value lines; `raw`: the bearer token alone; ' +
          '`aws-credentials`: a profile that the AWS SDKs read; `template`: the rendered `template`.',
      }),
    ...ownership,
    variables: z
      .record(variable, z.string().min(1))
      .optional()
      .meta({
        description:
          'For format `env`: a mapping of variables to values of the token. Default: each value under its own name ' +
          'in capitals; a bearer token under the name of the token. Names with a meaning for programs, such as PATH or ' +
          'LD_PRELOAD, must be listed here. Names that shells evaluate or set, such as RANDOM, are never written.',
      }),
    profile: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional()
      .meta({ description: 'For format `aws-credentials`: the name of the profile. Default: `default`.' }),
    template: z
      .string()
      .min(1)
      .max(65_536)
      .optional()
      .meta({
        description:
          'For format `template`: text with placeholders such as `{{ token | json }}`. The word after the value’s ' +
          'name sets the escaping: `json`, `shell`, `url`, `base64`, or `raw` for none.',
      }),
    at_expiry: z
      .enum(['remove', 'empty', 'keep'], { error: 'must be remove, empty or keep' })
      .optional()
      .meta({
        description:
          'What happens to the file when the token expires or is revoked. `keep` is allowed only for format ' +
          '`json`, which contains the expiry time. A revoked token is removed even with `keep`. Default: `remove`.',
      }),
    remove_on_stop: z
      .boolean()
      .optional()
      .meta({ description: 'Whether to remove the file when the agent stops. Default: false.' }),
  })
  .meta({ id: 'FileOutput', description: 'A file that contains the token.' });
export type FileOutputSettings = z.infer<typeof fileOutput>;
