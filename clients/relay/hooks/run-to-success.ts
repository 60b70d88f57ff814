import { commandEnvironment } from '../process/command-environment.ts';
import { CommandFailure, runCommand } from '../process/run-command.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;
/** The maximum output of a command, in bytes. The output is ignored. */
const MOST_OUTPUT = 65_536;

interface RunTools {
  timeoutSeconds?: number | undefined;
  /** The path of the configuration that contains the command. */
  configFile: string;
  signal: AbortSignal;
}

/**
 * Runs a command of the configuration, with additional environment variables.
 *
 * @param variables the additional variables
 * @throws {CommandFailure} if it fails, exits with a code other than 0, or if another user can write the configuration
 */
export async function runToSuccess(
  argv: readonly string[],
  variables: Record<string, string>,
  { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, configFile, signal }: RunTools,
): Promise<void> {
  const untrusted = await untrustedConfiguration(configFile);
  if (untrusted !== undefined) throw new CommandFailure(`${argv[0]} was not run: ${untrusted}`);
  const ended = await runCommand(argv, {
    timeout: timeoutSeconds * 1_000,
    maxOutput: MOST_OUTPUT,
    env: { ...commandEnvironment(process.env), ...variables },
    signal,
  });
  if (ended.code === 0) return;
  throw new CommandFailure(
    `${argv[0]} ${ended.code === null ? `was killed by ${ended.signal}` : `exited with code ${ended.code}`}`,
  );
}
