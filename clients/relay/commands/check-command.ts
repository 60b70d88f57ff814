import type { Command } from 'commander';
import type { CheckOptions } from './check.ts';
import { defaultConfiguration } from './global-options.ts';

const EXAMPLES = `
Nothing is written, and without --fetch nothing is fetched. The files are looked at as the unit's user sees
them, by owner and mode; run it as root, or as that user, so that nothing is hidden from it. Without a unit the
agent is taken to run as you.

With --fetch each source is tried once, tokens that others need first. What would be written is shown with
every value masked. A source of type exec runs its command.

Exits with 0 without errors, with 2 when there are some, with 3 when only a token could not be fetched.
Warnings are no errors.

Examples:
  $ tokenrelay check --config /etc/tokenrelay/config.yaml
  $ sudo -u tokenrelay tokenrelay check --fetch
  $ tokenrelay check --config config.yaml --unit ./tokenrelay.service --output json
`;

/** Adds `tokenrelay check`: what is wrong with a configuration on this machine. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .summary('check the configuration, and what this machine says to it')
    .description(`Check the configuration (${defaultConfiguration}), this machine, and the agent’s systemd unit.`)
    .option('--unit <file>', 'the agent’s systemd unit (default: tokenrelay.service, where it is installed)')
    .option('--fetch', 'try each source once')
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      // Not before: every source and the schema would slow the other commands down.
      const { check } = await import('./check.ts');
      await check(command.optsWithGlobals<CheckOptions>());
    });
}
