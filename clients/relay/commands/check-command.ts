import { type Command, Option } from 'commander';
import type { CheckOptions } from './check.ts';

const EXAMPLES = `
Writes nothing, and fetches nothing without --fetch. Evaluates file owners and
modes for the user of the systemd unit, or for you if there is no unit. Run the
command as root or as that user, so that it can read all files.

With --fetch, tries each source once; tokens that other sources need come
first. Shows the files that would be written, with all values masked. A source
of type exec runs its command.

Exits with 0 if there are no errors, with 2 if there are, with 3 if the only
errors are tokens that could not be fetched. Warnings do not change the exit
code.

Examples:
  $ tokenrelay check --config /etc/tokenrelay/config.yaml
  $ sudo -u tokenrelay tokenrelay check --fetch
  $ tokenrelay check --config config.yaml --unit ./tokenrelay.service
`;

/** Adds `tokenrelay check`, which checks a configuration on this machine. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .summary('check the configuration, this machine and the systemd unit')
    .description('Check the configuration, this machine, and the systemd unit of the agent.')
    .addOption(
      new Option('--unit <file>', 'systemd unit of the agent').default(undefined, 'the installed tokenrelay.service'),
    )
    .option('--fetch', 'also fetch from each source once')
    .addHelpText('after', EXAMPLES)
    .action(async (_options: object, command: Command) => {
      // Imported only here, because loading the sources and the schema would slow down the other commands.
      const { check } = await import('./check.ts');
      await check(command.optsWithGlobals<CheckOptions>());
    });
}
