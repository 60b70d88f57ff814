import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';

const EXAMPLES = `${FINDING}
Exits with 3 if any token or any output is not healthy.

Examples:
  Print a table with name, state, age, time to expiry and last error:
    $ tokenrelay status

  Print the names of the unhealthy tokens, for a script:
    $ tokenrelay status --output json | jq -r '.tokens[] | select(.healthy | not) | .name'
`;

/** Adds `tokenrelay status`, which shows the state of every token. */
export function addStatusCommand(program: Command): void {
  addControlOptions(program.command('status'))
    .summary('show the state of every token')
    .description('Show the state of each token of the running agent. Never shows a token’s value.')
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { showStatus } = await import('./status.ts');
      return showStatus(command.optsWithGlobals<ControlOptions>());
    });
}
