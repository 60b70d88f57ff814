import type { Command } from 'commander';
import { defaultConfiguration, type GlobalOptions } from './global-options.ts';

const EXAMPLES = `
Writes logs as JSON lines to standard output. SIGHUP reloads the configuration;
if the new configuration is invalid, the agent keeps the old one. SIGTERM and
SIGINT stop the agent; a second signal stops it immediately.

Commands such as tokenrelay status connect to the control socket of the agent:
control.socket of the configuration, or else control.sock in
$RUNTIME_DIRECTORY, in /run/tokenrelay, or in $XDG_RUNTIME_DIR/tokenrelay.

Examples:
  Run the agent as a service:
    $ tokenrelay run --config /etc/tokenrelay/config.yaml

  Fetch and write all tokens once, and report failures:
    $ tokenrelay run --once --config job.yaml
`;

export type RunOptions = Pick<GlobalOptions, 'config'> & { once?: true };

/** Adds `tokenrelay run`, which runs the agent. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary('run the agent')
    .description('Fetch the tokens of the configuration and keep them fresh, until stopped.')
    .option('--once', 'fetch each token once, without endpoints')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => run(command.optsWithGlobals()));
}

/** Runs the agent, or with `once` fetches each token once. */
export async function run({ config = defaultConfiguration, once }: RunOptions): Promise<void> {
  if (once) {
    const { runOnce } = await import('./run-once.ts');
    return runOnce(config);
  }
  const { runAgent } = await import('./run-agent.ts');
  return runAgent(config);
}
