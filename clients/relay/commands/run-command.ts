import type { Command } from 'commander';
import { defaultConfiguration, type GlobalOptions } from './global-options.ts';

const EXAMPLES = `
Logs are JSON lines on standard output. Signals: SIGHUP reads the configuration anew, and a faulty one is
refused whole while the one before goes on; SIGTERM and SIGINT stop it, a second one at once.
Commands such as \`tokenrelay status\` ask it through its control socket: control.socket of the configuration,
else control.sock in $RUNTIME_DIRECTORY, in /run/tokenrelay, or in $XDG_RUNTIME_DIR/tokenrelay.

Examples:
  As a service does it:
    $ tokenrelay run --config /etc/tokenrelay/config.yaml

  Fetch everything once, write it, and say what failed:
    $ tokenrelay run --once --config job.yaml
`;

export type RunOptions = Pick<GlobalOptions, 'config'> & { once?: true };

/** Adds `tokenrelay run`: the agent. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary('run the agent')
    .description(`Fetch the tokens of the configuration (${defaultConfiguration}) and keep them fresh, until stopped.`)
    .option('--once', 'fetch and write each token once, without endpoints, then end')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => run(command.optsWithGlobals()));
}

/** Runs the agent, or with `once` each fetch once. */
export async function run({ config = defaultConfiguration, once }: RunOptions): Promise<void> {
  if (once) {
    const { runOnce } = await import('./run-once.ts');
    return runOnce(config);
  }
  const { runAgent } = await import('./run-agent.ts');
  return runAgent(config);
}
