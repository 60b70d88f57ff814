import { usageFailure } from '@tvm/terminal/failure.ts';
import { type Command, Option } from 'commander';
import { ON_RENEWAL } from './exec-options.ts';
import { readSeconds } from './seconds-option.ts';

const EXAMPLES = `
Write the command after --. It gets your environment and the tokens, with the
variable names of the env format. It does not get the variables of the agent
itself: those that the configuration names as secrets, AWS keys, and variables
from systemd. Logs go to standard error; the command uses standard input and
output.

Exits with the exit code of the command, or with 128 plus the signal number;
with 127 if the command is not found, with 126 if it cannot be started, with 3
if a token is not available in time. Forwards SIGTERM, SIGINT, SIGHUP, SIGQUIT,
SIGUSR2 and SIGWINCH to the command: SIGHUP does not reload the configuration
here. A command that was told to stop is not restarted. In a container, use an
init process, such as docker run --init.

Everything that the command has started ends with it: it gets SIGTERM when the
command exits, and SIGKILL after exec.stop_timeout_seconds (10). Exceptions are
daemons that left both their session and their parent; systemd ends those with
KillMode=control-group.

Examples:
  Put all tokens into the environment, and restart the command on renewal:
    $ tokenrelay exec --config app.yaml -- ./app --port 8080

  Use one token, for a job that finishes before the token expires:
    $ tokenrelay exec --config app.yaml --environment db_creds \\
        --on-renewal nothing -- ./migrate

  Run a server that reads its token from a file, and rereads it on SIGHUP:
    $ tokenrelay exec --config app.yaml --on-renewal SIGHUP \\
        -- nginx -g 'daemon off;'
`;

/** Adds `tokenrelay exec`, which runs a command with tokens in its environment. */
export function addExecCommand(program: Command): void {
  program
    .command('exec')
    .summary('run a command with tokens in its environment')
    .description('Run a command with fresh tokens in its environment.')
    .usage('[options] -- <command> [arguments]')
    .argument('<command...>', 'command and its arguments')
    .addOption(
      new Option('--environment <name...>', 'tokens in the environment').default(undefined, 'all; none with a signal'),
    )
    .addOption(
      new Option('--on-renewal <action>', 'action when a token is renewed')
        .choices(ON_RENEWAL)
        .default(undefined, 'restart'),
    )
    .option('--timeout <seconds>', 'maximum wait for the tokens at the start', readSeconds, 60)
    .addHelpText('after', EXAMPLES)
    .action(async ([name, ...args]: [string, ...string[]], _options, command: Command) => {
      // Without `--`, an option of the command could be parsed as an option of tokenrelay.
      if (!process.argv.includes('--')) throw usageFailure('put -- before the command to run');
      const { execChild } = await import('./exec-child.ts');
      return execChild([name, ...args], command.optsWithGlobals());
    });
}
