import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';

const EXAMPLES = `${FINDING}
Examples:
  Fetch a token after its secret was changed at the issuer:
    $ tokenrelay refresh my_app_oauth_token
`;

/** Adds `tokenrelay refresh`, which fetches a token immediately. */
export function addRefreshCommand(program: Command): void {
  addControlOptions(program.command('refresh'))
    .summary('fetch a token now')
    .description('Make the running agent fetch and write a token now, regardless of its schedule.')
    .argument('<name>', 'name of the token in the configuration')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { refresh } = await import('./refresh.ts');
      return refresh(name, command.optsWithGlobals<ControlOptions>());
    });
}
