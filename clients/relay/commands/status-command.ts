import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';

const EXAMPLES = `${FINDING}
Exits with 3 if a token or an output is unhealthy.

Examples:
  Show name, state, age, expiry and last error in a table:
    $ tokenrelay status

  List the names of the unhealthy tokens, for a script:
    $ tokenrelay status --output json |
        jq -r '.tokens[] | select(.healthy | not) | .name'
`;

/** Adds `tokenrelay status`, which shows the state of all tokens. */
export function addStatusCommand(program: Command): void {
  addControlOptions(program.command('status'))
    .summary('show the state of all tokens')
    .description('Show the state of each token of the running agent. Never shows a token.')
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { showStatus } = await import('./status.ts');
      return showStatus(command.optsWithGlobals<ControlOptions>());
    });
}
