import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import { ON_RENEWAL } from './exec-options.ts';
import { defaultConfiguration } from './global-options.ts';
import { readSeconds } from './seconds-option.ts';

const EXAMPLES = `
The command stands after --. It has your environment with the tokens in it, named as in a file of the format
env, and without what is the agent's own: variables that the configuration names as secrets, AWS keys, and
what systemd told the agent. Logs go to standard error; standard input and output are the command's.

It ends as its child ends: by its exit code, or 128 and the number of the signal; 127 when the command is not
found, 126 when it cannot be started, 3 when a token did not come in time. SIGTERM, SIGINT, SIGHUP, SIGQUIT,
SIGUSR2 and SIGWINCH are passed on: SIGHUP does not read the configuration anew here. Once told to end, the
child is not restarted. In a container run it under an init, such as docker run --init.

Examples:
  Every token of the configuration in the environment, and a restart when one is renewed:
    $ tokenrelay exec --config app.yaml -- ./app --port 8080

  One token only, for a job that ends before it expires:
    $ tokenrelay exec --config app.yaml --environment db_creds --on-renewal nothing -- ./migrate

  A server that reads its token from a file, and reads it again on SIGHUP:
    $ tokenrelay exec --config app.yaml --on-renewal SIGHUP -- nginx -g 'daemon off;'
`;

/** Adds `tokenrelay exec`: a child with tokens in its environment. */
export function addExecCommand(program: Command): void {
  program
    .command('exec')
    .summary('run a command with tokens in its environment')
    .description(`Run a command with fresh tokens of the configuration (${defaultConfiguration}).`)
    .usage('[options] -- <command> [arguments]')
    .argument('<command...>', 'the command and its arguments')
    .option('--environment <name...>', 'the tokens in its environment (default: all; none with a signal)')
    .addOption(
      new Option('--on-renewal <what>', 'what becomes of it when a token is renewed (default: restart)').choices(
        ON_RENEWAL,
      ),
    )
    .option('--timeout <seconds>', 'how long to wait for the tokens at the start', readSeconds, 60)
    .addHelpText('after', EXAMPLES)
    .action(async ([name, ...args]: [string, ...string[]], _options, command: Command) => {
      // Without it an option of the command could be taken for one of ours.
      if (!process.argv.includes('--')) throw usageFailure('put -- before the command to run');
      const { execChild } = await import('./exec-child.ts');
      return execChild([name, ...args], command.optsWithGlobals());
    });
}
