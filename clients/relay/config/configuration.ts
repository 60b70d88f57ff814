import * as z from 'zod';
import { logLevels } from '../model/log.ts';
import { endpoint } from '../settings/endpoints.ts';
import { absolutePath, account, fileMode, share, signal, tokenName } from '../settings/fields.ts';
import { afterRenewal, alert } from '../settings/hooks.ts';
import { fileOutput } from '../settings/outputs.ts';
import { secretFields } from '../settings/secret-reference.ts';
import { loadedSourceKinds, sourceTypes } from '../sources/kinds.ts';

const variableName = z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of an environment variable' });

const name = tokenName.meta({ description: 'What the token is called here; no two have the same name.' });

const common = {
  refresh_interval_minutes: z
    .number({ error: 'must be a number of minutes' })
    .positive({ error: 'must be greater than zero' })
    .max(525_600)
    .optional()
    .meta({
      description:
        'Fetch it at least this often. Sooner when the token’s own lifetime asks for it. Default: by its lifetime; every ' +
        '5 minutes where it has none.',
    }),
  refresh_at: share
    .optional()
    .meta({ description: 'The share of its lifetime after which it is fetched anew. Default: 0.66, with jitter.' }),
  output: z
    .union([fileOutput, z.array(fileOutput)], { error: 'must be a file output, or a list of them' })
    .optional()
    .meta({
      description: 'Where it is written. A token without an output is for endpoints, children and other tokens.',
    }),
  after_renewal: z
    .union([afterRenewal, z.array(afterRenewal)], {
      error: 'must be { command }, { signal, pid_file }, { signal, unit } or { action, unit }, or a list of them',
    })
    .optional()
    .meta({ description: 'What is done once its outputs have a new token.' }),
};

/** One token: its name, where it comes from, where it goes. */
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
        .array(tokenOf(kinds), { error: 'must be a list of tokens: each begins with a hyphen, as in - name: app' })
        .min(1, { error: 'must hold a token' })
        .max(1_000)
        .meta({ description: 'Which tokens, from where, and where to put them: at least one.' }),
      log_level: z
        .enum(logLevels, { error: 'must be debug, info, warn or error' })
        .optional()
        .meta({ description: 'The least that is logged. Default: info.' }),
      variables: z.array(variableName).optional().meta({
        description: `Environment variables that stand as \${NAME} in this file’s texts. No other is replaced; $\${ is a plain \${.`,
      }),
      endpoints: z
        .array(endpoint)
        .max(50)
        .optional()
        .meta({ description: 'Where programs on this machine ask for tokens instead of reading a file.' }),
      control: z
        .strictObject({
          socket: absolutePath.meta({
            description: 'The socket. Without `control` it is control.sock in the agent’s runtime folder.',
          }),
          permissions: fileMode.optional().meta({ description: 'Its mode, in quotes. Default: "0600".' }),
          group: account
            .optional()
            .meta({ description: 'Its group, which may ask, too, with permissions "0660". Default: the agent’s.' }),
        })
        .optional()
        .meta({
          description: 'The Unix socket by which `tokenrelay get`, `status` and the like ask the running agent.',
        }),
      cache: z
        .strictObject({
          path: absolutePath.meta({ description: 'The file that holds the tokens, encrypted, over restarts.' }),
          ...secretFields('key', 'The key, 32 bytes as base64 or hexadecimal digits'),
        })
        .optional()
        .meta({
          description: 'Off unless given: the last good tokens, encrypted, for a restart while a source is away.',
        }),
      alerts: z.array(alert).max(20).optional().meta({ description: 'Who is told that a token cannot be renewed.' }),
      exec: z
        .strictObject({
          environment: z
            .array(tokenName)
            .optional()
            .meta({ description: 'The tokens in the child’s environment. Default: all; none with a signal.' }),
          on_renewal: z
            .union([z.enum(['restart', 'nothing']), z.strictObject({ signal })], {
              error: 'must be restart, nothing or { signal }',
            })
            .optional()
            .meta({
              description:
                'What happens to the child when a token is renewed. A signal cannot change an environment: it is for ' +
                'children that read a file or an endpoint. Default: restart.',
            }),
        })
        .optional()
        .meta({ description: 'How `tokenrelay exec` runs a child.' }),
    })
    .meta({
      id: 'TokenRelayConfiguration',
      description: 'The configuration of TokenRelay: /etc/tokenrelay/config.yaml.',
    });
export type Configuration = z.infer<ReturnType<typeof file>>;

let known: { kinds: number; schema: ReturnType<typeof file> } | undefined;

/** The file that says which tokens, from where, and where to put them: of the kinds of source that are loaded. */
export function configurationSchema(): ReturnType<typeof file> {
  const kinds = loadedSourceKinds();
  if (known?.kinds !== kinds.length) known = { kinds: kinds.length, schema: file(kinds) };
  return known.schema;
}
