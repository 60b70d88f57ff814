import type { Command } from 'commander';
import { addControlOptions, type ControlOptions, FINDING } from './control-options.ts';

const EXAMPLES = `${FINDING}
Examples:
  After the client secret was changed at the issuer:
    $ tokenrelay refresh my_app_oauth_token
`;

/** Adds `tokenrelay refresh`, which makes the agent fetch a token now. */
export function addRefreshCommand(program: Command): void {
  addControlOptions(program.command('refresh'))
    .summary('fetch a token now')
    .description('Make the running agent fetch a token now, before its scheduled time, and write its outputs.')
    .argument('<name>', 'the token’s name in the configuration')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string, _options, command: Command) => {
      const { refresh } = await import('./refresh.ts');
      return refresh(name, command.optsWithGlobals<ControlOptions>());
    });
}
