import type { Command } from 'commander';
import { defaultConfiguration, type GlobalOptions } from './global-options.ts';

const EXAMPLES = `
The agent logs JSON lines to standard output. SIGHUP reloads the configuration; if the new one is invalid, the
agent keeps the previous one. SIGTERM or SIGINT stops the agent, and a second signal ends it immediately.
Commands such as \`tokenrelay status\` use its control socket: control.socket in the configuration, else
control.sock in $RUNTIME_DIRECTORY, in /run/tokenrelay, or in $XDG_RUNTIME_DIR/tokenrelay.

Examples:
  Run as a service:
    $ tokenrelay run --config /etc/tokenrelay/config.yaml

  Fetch and write every token once, and report failures:
    $ tokenrelay run --once --config job.yaml
`;

export type RunOptions = Pick<GlobalOptions, 'config'> & { once?: true };

/** Adds `tokenrelay run`, which runs the agent. */
export function addRunCommand(program: Command): void {
  program
    .command('run')
    .summary('run the agent')
    .description(
      `Fetch the configured tokens and keep them fresh until stopped (configuration: ${defaultConfiguration}).`,
    )
    .option('--once', 'fetch and write each token once, open no endpoints, then exit')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => run(command.optsWithGlobals()));
}

/** Runs the agent until it is stopped. With `once`, fetches each token once and returns. */
export async function run({ config = defaultConfiguration, once }: RunOptions): Promise<void> {
  if (once) {
    const { runOnce } = await import('./run-once.ts');
    return runOnce(config);
  }
  const { runAgent } = await import('./run-agent.ts');
  return runAgent(config);
}
