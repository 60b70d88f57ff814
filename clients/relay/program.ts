import { usageFailure } from '@tvm/terminal/failure.ts';
import { createCommandLine } from '@tvm/terminal/program.ts';
import type { Command } from 'commander';
import { addCheckCommand } from './commands/check-command.ts';
import { addExecCommand } from './commands/exec-command.ts';
import { addGetCommand } from './commands/get-command.ts';
import type { GlobalOptions } from './commands/global-options.ts';
import { addInitCommand } from './commands/init-command.ts';
import { addRefreshCommand } from './commands/refresh-command.ts';
import { addRunCommand, run } from './commands/run-command.ts';
import { addStatusCommand } from './commands/status-command.ts';
import { addWaitCommand } from './commands/wait-command.ts';
import { exitCodeMeanings } from './failure.ts';
import manifest from './package.json' with { type: 'json' };

const HELP = {
  before: 'With --config and no command, tokenrelay runs the agent, as `tokenrelay run` does.',
  exitCodes: '`tokenrelay exec` exits with the exit code of its child.',
  examples: [
    'tokenrelay init --help',
    'tokenrelay check --config /etc/tokenrelay/config.yaml',
    'tokenrelay --config /etc/tokenrelay/config.yaml',
    'tokenrelay status',
    'TOKEN=$(tokenrelay get my_app_oauth_token)',
    'tokenrelay exec --config app.yaml -- ./app --port 8080',
    'tokenrelay help get',
  ],
};

/** Creates the command line of `tokenrelay`. Errors are thrown, not printed. */
export function createProgram(): Command {
  const program = createCommandLine('tokenrelay', manifest.version, exitCodeMeanings, HELP)
    .description('Keep fresh tokens from any issuer on this machine, and provide them to its programs.')
    .option('--config <file>', 'the configuration file')
    .allowExcessArguments()
    .action((options: GlobalOptions, command: Command) => {
      const [name] = command.args;
      if (name !== undefined) throw usageFailure(`there is no command '${name}'; see tokenrelay --help`);
      if (options.config === undefined) command.help({ error: true });
      return run(options);
    });
  addRunCommand(program);
  addExecCommand(program);
  addGetCommand(program);
  addWaitCommand(program);
  addRefreshCommand(program);
  addStatusCommand(program);
  addCheckCommand(program);
  addInitCommand(program);
  return program;
}
