import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';

const EXAMPLES = `${FINDING}
Examples:
  After the secret at the issuer was changed:
    $ tokenrelay refresh my_app_oauth_token
`;

/** Adds `tokenrelay refresh`: has a token fetched now. */
export function addRefreshCommand(program: Command): void {
  addControlOptions(program.command('refresh'))
    .summary('fetch a token now')
    .description('Have the running agent fetch a token now, whatever its schedule says, and write it.')
    .argument('<name>', 'the token’s name in the configuration')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { refresh } = await import('./refresh.ts');
      return refresh(name, command.optsWithGlobals<ControlOptions>());
    });
}
