import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';
import { readSeconds } from './seconds-option.ts';

const EXAMPLES = `${FINDING}
The command also waits for the agent to start.

Examples:
  Start an application when its token is available:
    $ tokenrelay wait my_app_oauth_token && exec ./app

  In a systemd unit, for at most two minutes:
    ExecStartPre=/usr/bin/tokenrelay wait my_app_oauth_token --timeout 120
`;

/** Adds `tokenrelay wait`, which waits for a token. */
export function addWaitCommand(program: Command): void {
  addControlOptions(program.command('wait'))
    .summary('wait until a token is available')
    .description('Wait until the running agent has a usable token.')
    .argument('<name>', 'the token’s name in the configuration')
    .option('--timeout <seconds>', 'how long to wait', readSeconds, 60)
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { waitFor } = await import('./wait.ts');
      return waitFor(name, command.optsWithGlobals<ControlOptions & { timeout: number }>());
    });
}
