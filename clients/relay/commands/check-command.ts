import type { Command } from 'commander';
import type { CheckOptions } from './check.ts';
import { defaultConfiguration } from './global-options.ts';

const EXAMPLES = `
The check writes nothing, and fetches nothing without --fetch. It tests by owner and mode whether the unit's
user can access each file. Run it as root or as that user, so that it can see every file. Without a unit, it
assumes that the agent runs as you.

With --fetch, it tries each source once, after the tokens that the source depends on. It shows what
would be written, with every value masked. A source of type exec runs its command.

Exits with 0 if there are no errors, with 2 if there are any, and with 3 if the only problem is a token that
could not be fetched. Warnings do not change the exit code.

Examples:
  $ tokenrelay check --config /etc/tokenrelay/config.yaml
  $ sudo -u tokenrelay tokenrelay check --fetch
  $ tokenrelay check --config config.yaml --unit ./tokenrelay.service --output json
`;

/** Adds `tokenrelay check`, which finds problems with a configuration on this machine. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .summary('check the configuration, its files and the systemd unit')
    .description(`Check the configuration (${defaultConfiguration}), the files it uses, and the agent’s systemd unit.`)
    .option('--unit <file>', 'the agent’s systemd unit (default: tokenrelay.service, if installed)')
    .option('--fetch', 'try each source once')
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      // Imported here because loading every source and the schema would slow down the other commands.
      const { check } = await import('./check.ts');
      await check(command.optsWithGlobals<CheckOptions>());
    });
}
