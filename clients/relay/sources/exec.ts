import * as z from 'zod';
import { SourceFailure, type SourceKind, type SourceTools } from '../model/source.ts';
import { commandEnvironment } from '../process/command-environment.ts';
import { CommandFailure, runCommand } from '../process/run-command.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';
import { argv, seconds } from '../settings/fields.ts';
import { printedFormats } from './exec/printed-token.ts';
import { refuseExpired } from './expiry.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;
/** The maximum size of the command's output, in bytes. */
const LARGEST = 64 * 1024;

const settings = z.strictObject({
  command: argv.meta({ description: 'A command that prints a token, and its arguments. Run without a shell.' }),
  timeout_seconds: seconds.optional().meta({ description: 'The timeout, in seconds. Default: 10.' }),
  format: z
    .enum(['raw', 'json', 'credential-process'], { error: 'must be raw, json or credential-process' })
    .optional()
    .meta({
      description:
        'The format of the output. `raw`: the token alone; `json`: `token` or `values`, with `expires_in` ' +
        '(seconds) or `expiration`; `credential-process`: AWS credentials for the AWS CLI. Default: `raw`.',
    }),
  environment: z
    .array(z.string().regex(/^[A-Za-z_]\w*$/, { error: 'must be the name of an environment variable' }))
    .optional()
    .meta({ description: 'Variables of the agent’s environment to pass to the command, besides PATH, HOME and LANG.' }),
});

/** A token that a command prints. */
export const exec: SourceKind<'exec', typeof settings> = {
  type: 'exec',
  settings,
  create(given, tools) {
    const [command = ''] = given.command;
    return {
      async fetch(_previous, signal) {
        const fetchedAt = tools.clock.now();
        const printed = (await outputOf(given, tools, signal)).replace(/^\ufeff/, '');
        const { values, expiresAt } = printedFormats[given.format ?? 'raw'](printed, command, fetchedAt);
        refuseExpired(expiresAt, tools.clock.now(), command);
        return { values, fetchedAt, ...(expiresAt !== undefined && { expiresAt }) };
      },
    };
  },
};

/** Returns the command's output. Errors report only the size of its standard error. @throws {SourceFailure} */
async function outputOf(
  { command: words, timeout_seconds = DEFAULT_TIMEOUT_SECONDS, environment }: z.infer<typeof settings>,
  { configFile }: SourceTools,
  signal: AbortSignal,
): Promise<string> {
  const [command = ''] = words;
  const untrusted = await untrustedConfiguration(configFile);
  if (untrusted !== undefined) throw new SourceFailure(`${command} was not run: ${untrusted}`);
  try {
    const result = await runCommand(words, {
      timeout: timeout_seconds * 1_000,
      maxOutput: LARGEST,
      env: commandEnvironment(process.env, environment),
      signal,
    });
    if (result.code === 0) return result.stdout;
    const how = result.code === null ? `was killed by ${result.signal}` : `exited with ${exitCode(result.code)}`;
    throw new SourceFailure(`${command} ${how}, with ${Buffer.byteLength(result.stderr)} bytes on its standard error`);
  } catch (error) {
    throw error instanceof CommandFailure ? new SourceFailure(error.message) : error;
  }
}

/** Explains exit code 127, which env(1) and shells return for a command that was not found. */
function exitCode(code: number): string {
  return code === 127 ? 'code 127 (a command was not found on its PATH)' : `code ${code}`;
}
