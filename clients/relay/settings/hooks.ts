import * as z from 'zod';
import { absolutePath, argv, isIssuerUrl, seconds, share, signal } from './fields.ts';

const timeout = seconds.optional().meta({ description: 'The timeout, in seconds. Default: 10.' });
const unit = z
  .string()
  .regex(/^(?!-)[\w@:.-]{1,255}\.(service|target|timer|socket|path|scope)$/, {
    error: 'must be the name of a systemd unit, such as app.service',
  })
  .meta({ description: 'The systemd unit, such as app.service.' });
const command = argv.meta({ description: 'The absolute path of a command, and its arguments. Run without a shell.' });
const sent = signal.meta({ description: 'The signal to send.' });

/** A hook that runs after each renewal, once every output has the new token. */
export const afterRenewal = z
  .union(
    [
      z.strictObject({ command, timeout_seconds: timeout }),
      z.strictObject({
        signal: sent,
        pid_file: absolutePath.meta({ description: 'The file with the id of the process to signal.' }),
      }),
      z.strictObject({ signal: sent, unit, timeout_seconds: timeout }),
      z.strictObject({
        action: z
          .enum(['reload', 'restart', 'try-restart'], { error: 'must be reload, restart or try-restart' })
          .meta({ description: 'The systemctl action. `try-restart` restarts the unit only if it is running.' }),
        unit,
        timeout_seconds: timeout,
      }),
    ],
    { error: 'must be { command }, { signal, pid_file }, { signal, unit } or { action, unit }' },
  )
  .meta({
    id: 'AfterRenewal',
    description:
      'A hook that runs after each renewal: a command, a signal to the process in a PID file, or a signal or an ' +
      'action for a systemd unit. TOKENRELAY_TOKEN contains the token’s name, never the token. A hook that fails is run ' +
      'again within seconds.',
  });
export type AfterRenewal = z.infer<typeof afterRenewal>;

const when = {
  after_failures: z
    .int()
    .min(1)
    .optional()
    .meta({ description: 'Alert after this many failures in a row. Default: 3, unless `remaining_share` is given.' }),
  remaining_share: share
    .optional()
    .meta({ description: 'Alert when less than this fraction of the token’s lifetime is left.' }),
  timeout_seconds: timeout,
};

/** An alert that a token cannot be renewed. It is sent once, and again when renewal works again. */
export const alert = z
  .union(
    [
      z.strictObject({ command, ...when }),
      z.strictObject({
        webhook: z
          .string()
          .refine(isIssuerUrl, { error: 'must be an https URL' })
          .meta({ description: 'The https URL that receives a POST with JSON.' }),
        ca_file: absolutePath
          .optional()
          .meta({ description: 'Certificates (PEM) to trust in place of the public ones.' }),
        ...when,
      }),
    ],
    { error: 'must be { command } or { webhook }' },
  )
  .meta({
    id: 'Alert',
    description:
      'An alert when a token cannot be renewed, and again when renewal works: a command or a webhook (POST, JSON).',
  });
export type Alert = z.infer<typeof alert>;
