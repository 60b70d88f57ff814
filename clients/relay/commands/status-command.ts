import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';

const EXAMPLES = `${FINDING}
It ends with 3 as soon as one token or one output is not as it should be, whatever the source says.

Examples:
  A table: name, state, age, expires in, last error:
    $ tokenrelay status

  The names of the tokens that cannot be used, for a script:
    $ tokenrelay status --output json | jq -r '.tokens[] | select(.healthy | not) | .name'
`;

/** Adds `tokenrelay status`: how every token is. */
export function addStatusCommand(program: Command): void {
  addControlOptions(program.command('status'))
    .summary('show how every token is')
    .description('Show the state of each token of the running agent. Never shows a token.')
    .addHelpText('after', EXAMPLES)
    .action(async (_options, command: Command) => {
      const { showStatus } = await import('./status.ts');
      return showStatus(command.optsWithGlobals<ControlOptions>());
    });
}
