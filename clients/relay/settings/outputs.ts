import * as z from 'zod';
import { absolutePath, account, fileMode } from './fields.ts';

const ownership = {
  permissions: fileMode.optional().meta({ description: 'Its mode, in quotes. Default: "0600".' }),
  owner: account.optional().meta({ description: 'Who owns it. Default: the agent’s user.' }),
  group: account.optional().meta({ description: 'Its group. Default: the agent’s.' }),
};

/** The name of an environment variable. */
const variable = z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of an environment variable' });

/** A file that holds the token. */
export const fileOutput = z
  .strictObject({
    file_path: absolutePath.meta({
      description: 'The file. Its folder must exist, and only the agent may write in it.',
    }),
    format: z
      .enum(['json', 'env', 'raw', 'aws-credentials', 'template'], {
        error: 'must be json, env, raw, aws-credentials or template',
      })
      .meta({
        description:
          '`json`: the token and `expiration_timestamp`; `env`: NAME=value lines; `raw`: the bearer token alone; ' +
          '`aws-credentials`: a profile as the AWS SDKs read it; `template`: what `template` says.',
      }),
    ...ownership,
    variables: z
      .record(variable, z.string().min(1))
      .optional()
      .meta({
        description:
          'With `env`: which variable holds which value of the token. Default: each value under its own name, in ' +
          'capitals; a bearer token under the name of the token. Names such as PATH or LD_PRELOAD must stand here.',
      }),
    profile: z
      .string()
      .regex(/^[\w.-]{1,64}$/)
      .optional()
      .meta({ description: 'With `aws-credentials`: the profile. Default: `default`.' }),
    template: z
      .string()
      .min(1)
      .max(65_536)
      .optional()
      .meta({
        description:
          'With `template`: text with placeholders such as `{{ token | json }}`. After the value’s name stands how it is ' +
          'escaped: `json`, `shell`, `url`, `base64`, or `raw` for not at all.',
      }),
    at_expiry: z
      .enum(['remove', 'empty', 'keep'], { error: 'must be remove, empty or keep' })
      .optional()
      .meta({
        description:
          'What becomes of it when the token expires or is revoked. `keep` only with `json`, which says itself that it ' +
          'has expired; a token that was revoked is removed all the same. Default: `remove`.',
      }),
    remove_on_stop: z.boolean().optional().meta({ description: 'Remove it when the agent stops. Default: false.' }),
  })
  .meta({ id: 'FileOutput', description: 'A file that holds the token.' });
export type FileOutputSettings = z.infer<typeof fileOutput>;
