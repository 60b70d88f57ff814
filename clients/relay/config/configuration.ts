import * as z from 'zod';
import { logLevels } from '../model/log.ts';
import { endpoint } from '../settings/endpoints.ts';
import { absolutePath, account, fileMode, seconds, share, signal, tokenName } from '../settings/fields.ts';
import { afterRenewal, alert } from '../settings/hooks.ts';
import { fileOutput } from '../settings/outputs.ts';
import { secretFields } from '../settings/secret-reference.ts';
import { loadedSourceKinds, sourceTypes } from '../sources/kinds.ts';

const variableName = z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of an environment variable' });

const name = tokenName.meta({ description: 'The name of the token, unique in this file.' });

const common = {
  refresh_interval_minutes: z
    .number({ error: 'must be a number of minutes' })
    .positive({ error: 'must be greater than zero' })
    .max(525_600)
    .optional()
    .meta({
      description:
        'The maximum time between fetches. A short-lived token is fetched sooner. Default: derived from the token’s ' +
        'lifetime; 5 minutes for a token without one.',
    }),
  refresh_at: share.optional().meta({
    description: 'The fraction of the token’s lifetime after which it is renewed. Default: 0.66, with jitter.',
  }),
  output: z
    .union([fileOutput, z.array(fileOutput)], { error: 'must be a file output, or a list of them' })
    .optional()
    .meta({
      description:
        'The files to write. A token without an output is used only by endpoints, children and other tokens.',
    }),
  after_renewal: z
    .union([afterRenewal, z.array(afterRenewal)], {
      error: 'must be { command }, { signal, pid_file }, { signal, unit } or { action, unit }, or a list of them',
    })
    .optional()
    .meta({ description: 'The hooks to run once every output has the new token.' }),
};

/** Returns the schema of one token: its name, its source, its outputs. */
function tokenOf(kinds: ReturnType<typeof loadedSourceKinds>) {
  const [first, ...rest] = kinds.map(({ type, settings }) =>
    z.strictObject({ name, type: z.literal(type), source: settings, ...common }),
  );
  return z.discriminatedUnion('type', [first as NonNullable<typeof first>, ...rest], {
    error: `must be one of ${sourceTypes.join(', ')}`,
  });
}
export type TokenSettings = z.infer<ReturnType<typeof tokenOf>>;

const file = (kinds: ReturnType<typeof loadedSourceKinds>) =>
  z
    .strictObject({
      tokens: z
        .array(tokenOf(kinds), { error: 'must be a list of tokens: each starts with a hyphen, such as - name: app' })
        .min(1, { error: 'must contain a token' })
        .max(1_000)
        .meta({ description: 'The tokens, with their sources and outputs: at least one.' }),
      log_level: z
        .enum(logLevels, { error: 'must be debug, info, warn or error' })
        .optional()
        .meta({ description: 'The minimum level that is logged. Default: info.' }),
      variables: z.array(variableName).optional().meta({
        description: `The environment variables that this file may use as \${NAME}. Write $\${ for a literal \${.`,
      }),
      endpoints: z
        .array(endpoint)
        .max(50)
        .optional()
        .meta({ description: 'Local endpoints from which programs get tokens instead of reading a file.' }),
      control: z
        .strictObject({
          socket: absolutePath.meta({
            description: 'The path of the socket. Without `control`: control.sock in the agent’s runtime folder.',
          }),
          permissions: fileMode.optional().meta({ description: 'The mode, in quotes. Default: "0600".' }),
          group: account.optional().meta({
            description: 'The group, which also has access with permissions "0660". Default: the agent’s group.',
          }),
        })
        .optional()
        .meta({
          description: 'The Unix socket that `tokenrelay get`, `status` and similar commands use.',
        }),
      cache: z
        .strictObject({
          path: absolutePath.meta({ description: 'The path of the file with the encrypted tokens.' }),
          ...secretFields('key', 'The encryption key, 32 bytes in base64 or hexadecimal'),
        })
        .optional()
        .meta({
          description:
            'An encrypted file of the last tokens, used after a restart while a source is unavailable. Default: none.',
        }),
      alerts: z
        .array(alert)
        .max(20)
        .optional()
        .meta({ description: 'The alerts to send when a token cannot be renewed.' }),
      exec: z
        .strictObject({
          environment: z.array(tokenName).optional().meta({
            description:
              'The tokens to add to the child’s environment. Default: all; none if `on_renewal` is a signal.',
          }),
          on_renewal: z
            .union([z.enum(['restart', 'nothing']), z.strictObject({ signal })], {
              error: 'must be restart, nothing or { signal }',
            })
            .optional()
            .meta({
              description:
                'What to do with the child when a token is renewed. A signal cannot change the environment; use it for ' +
                'children that read a file or an endpoint. Default: restart.',
            }),
          stop_timeout_seconds: seconds.optional().meta({
            description:
              'How long the child may take to exit after SIGTERM, in seconds. Then it and everything that it has ' +
              'started are killed. Default: 10.',
          }),
        })
        .optional()
        .meta({ description: 'The settings of `tokenrelay exec`.' }),
    })
    .meta({
      id: 'TokenRelayConfiguration',
      description: 'The configuration of TokenRelay: /etc/tokenrelay/config.yaml.',
    });
export type Configuration = z.infer<ReturnType<typeof file>>;

let known: { kinds: number; schema: ReturnType<typeof file> } | undefined;

/** Returns the schema of the configuration file, with the source types that are loaded. */
export function configurationSchema(): ReturnType<typeof file> {
  const kinds = loadedSourceKinds();
  if (known?.kinds !== kinds.length) known = { kinds: kinds.length, schema: file(kinds) };
  return known.schema;
}
