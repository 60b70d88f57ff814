import * as z from 'zod';
import { absolutePath, argv, isIssuerUrl, seconds, share, signal } from './fields.ts';

const timeout = seconds.optional().meta({ description: 'How long it may take, in seconds. Default: 10.' });
const unit = z
  .string()
  .regex(/^(?!-)[\w@:.-]{1,255}\.(service|target|timer|socket|path|scope)$/, {
    error: 'must be the name of a systemd unit, such as app.service',
  })
  .meta({ description: 'The systemd unit, such as app.service.' });
const command = argv.meta({ description: 'A command by its absolute path, and its arguments. No shell reads it.' });
const sent = signal.meta({ description: 'The signal to send.' });

/** What is done after each renewal, once every output has the new token. */
export const afterRenewal = z
  .union(
    [
      z.strictObject({ command, timeout_seconds: timeout }),
      z.strictObject({
        signal: sent,
        pid_file: absolutePath.meta({ description: 'The file with the number of the process that gets it.' }),
      }),
      z.strictObject({ signal: sent, unit, timeout_seconds: timeout }),
      z.strictObject({
        action: z
          .enum(['reload', 'restart', 'try-restart'], { error: 'must be reload, restart or try-restart' })
          .meta({ description: 'What systemctl does with it; `try-restart` only where it is running.' }),
        unit,
        timeout_seconds: timeout,
      }),
    ],
    { error: 'must be { command }, { signal, pid_file }, { signal, unit } or { action, unit }' },
  )
  .meta({
    id: 'AfterRenewal',
    description:
      'What is done after each renewal: a command, a signal to the process of a pid file, or a signal or an action for a ' +
      'systemd unit. TOKENRELAY_TOKEN holds the token’s name, never the token.',
  });
export type AfterRenewal = z.infer<typeof afterRenewal>;

const when = {
  after_failures: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'After how many failures in a row. Default: 3, unless `remaining_share` is given.' }),
  remaining_share: share.optional().meta({ description: 'When less than this share of the token’s lifetime is left.' }),
  timeout_seconds: timeout,
};

/** Who is told that a token cannot be renewed: once, and again when it can. */
export const alert = z
  .union(
    [
      z.strictObject({ command, ...when }),
      z.strictObject({
        webhook: z
          .string()
          .refine(isIssuerUrl, { error: 'must be an https URL' })
          .meta({ description: 'The https URL that is sent a POST with JSON.' }),
        ca_file: absolutePath
          .optional()
          .meta({ description: 'Certificates (PEM) to trust in place of the public ones.' }),
        ...when,
      }),
    ],
    { error: 'must say { command } or { webhook }' },
  )
  .meta({
    id: 'Alert',
    description:
      'Who is told that a token cannot be renewed, and again once it can: a command or a webhook (POST, JSON).',
  });
export type Alert = z.infer<typeof alert>;
