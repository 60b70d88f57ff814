import { commandEnvironment } from '../process/command-environment.ts';
import { CommandFailure, runCommand } from '../process/run-command.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';

const DEFAULT_TIMEOUT_SECONDS = 10;
/** Bytes. What it writes is not looked at: it may hold anything. */
const MOST_OUTPUT = 65_536;

interface RunTools {
  timeoutSeconds?: number | undefined;
  /** Where the command stands. */
  configFile: string;
  signal: AbortSignal;
}

/**
 * Runs a command of the configuration that is told something in its environment.
 *
 * @throws {CommandFailure} also when it ends with another code than 0, and when another user can write the configuration
 */
export async function runToSuccess(
  argv: readonly string[],
  told: Record<string, string>,
  { timeoutSeconds = DEFAULT_TIMEOUT_SECONDS, configFile, signal }: RunTools,
): Promise<void> {
  const untrusted = await untrustedConfiguration(configFile);
  if (untrusted !== undefined) throw new CommandFailure(`${argv[0]} is not run: ${untrusted}`);
  const ended = await runCommand(argv, {
    timeout: timeoutSeconds * 1_000,
    maxOutput: MOST_OUTPUT,
    env: { ...commandEnvironment(process.env), ...told },
    signal,
  });
  if (ended.code === 0) return;
  throw new CommandFailure(
    `${argv[0]} ended ${ended.code === null ? `by ${ended.signal}` : `with code ${ended.code}`}`,
  );
}
