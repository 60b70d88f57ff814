import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import { ON_RENEWAL } from './exec-options.ts';
import { defaultConfiguration } from './global-options.ts';
import { readSeconds } from './seconds-option.ts';

const EXAMPLES = `
Write the command after --. It inherits your environment, with the tokens added under the names that an output
of format env uses. The agent's own variables are removed: those that the configuration reads secrets from, AWS
keys, and variables set by systemd for the agent. Logs go to standard error. The command uses standard input
and output.

Exits with the command's exit code, or with 128 plus the number of the signal that ended it; with 127 if the
command is not found, 126 if it cannot be started, and 3 if a token was not available in time. SIGTERM, SIGINT,
SIGHUP, SIGQUIT, SIGUSR2 and SIGWINCH are forwarded, so SIGHUP does not reload the configuration here. After
a signal that asks it to stop, the command is not restarted. In a container, use an init: docker run --init.

Examples:
  All tokens in the environment, and a restart whenever a token is renewed:
    $ tokenrelay exec --config app.yaml -- ./app --port 8080

  Only one token, for a job that ends before the token expires:
    $ tokenrelay exec --config app.yaml --environment db_creds --on-renewal nothing -- ./migrate

  A server that reads its token from a file, and reads the file again on SIGHUP:
    $ tokenrelay exec --config app.yaml --on-renewal SIGHUP -- nginx -g 'daemon off;'
`;

/** Adds `tokenrelay exec`, which runs a command with tokens in its environment. */
export function addExecCommand(program: Command): void {
  program
    .command('exec')
    .summary('run a command with tokens in its environment')
    .description(`Run a command with fresh tokens in its environment (configuration: ${defaultConfiguration}).`)
    .usage('[options] -- <command> [arguments]')
    .argument('<command...>', 'the command and its arguments')
    .option('--environment <name...>', 'the tokens to add to the environment (default: all; none with a signal)')
    .addOption(
      new Option('--on-renewal <what>', 'what to do when a token is renewed (default: restart)').choices(ON_RENEWAL),
    )
    .option('--timeout <seconds>', 'how long to wait for the tokens before the start', readSeconds, 60)
    .addHelpText('after', EXAMPLES)
    .action(async ([name, ...args]: [string, ...string[]], _options, command: Command) => {
      // Without --, an option of the command could be read as an option of tokenrelay.
      if (!process.argv.includes('--')) throw usageFailure('put -- before the command to run');
      const { execChild } = await import('./exec-child.ts');
      return execChild([name, ...args], command.optsWithGlobals());
    });
}
