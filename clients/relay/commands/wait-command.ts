import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';
import { readSeconds } from './seconds-option.ts';

const EXAMPLES = `${FINDING}
If the agent is not running yet, the command waits for the agent too.

Examples:
  Start an application when its token is available:
    $ tokenrelay wait my_app_oauth_token && exec ./app

  Wait for at most two minutes, in a systemd unit:
    ExecStartPre=/usr/bin/tokenrelay wait my_app_oauth_token --timeout 120
`;

/** Adds `tokenrelay wait`, which waits for a token. */
export function addWaitCommand(program: Command): void {
  addControlOptions(program.command('wait'))
    .summary('wait until a token is available')
    .description('Wait until the running agent has a usable token.')
    .argument('<name>', 'name of the token in the configuration')
    .option('--timeout <seconds>', 'maximum wait', readSeconds, 60)
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { waitFor } = await import('./wait.ts');
      return waitFor(name, command.optsWithGlobals<ControlOptions & { timeout: number }>());
    });
}
