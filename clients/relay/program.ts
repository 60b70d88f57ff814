import { usageFailure } from '@tvm/terminal/failure.ts';
import { createCommandLine } from '@tvm/terminal/program.ts';
import { type Command, Option } from 'commander';
import { addCheckCommand } from './commands/check-command.ts';
import { releaseSignals } from './commands/early-signals.ts';
import { addExecCommand } from './commands/exec-command.ts';
import { addGetCommand } from './commands/get-command.ts';
import { defaultConfiguration, type GlobalOptions } from './commands/global-options.ts';
import { addInitCommand } from './commands/init-command.ts';
import { addRefreshCommand } from './commands/refresh-command.ts';
import { addRunCommand, run } from './commands/run-command.ts';
import { addStatusCommand } from './commands/status-command.ts';
import { addWaitCommand } from './commands/wait-command.ts';
import { exitCodeMeanings } from './failure.ts';
import manifest from './package.json' with { type: 'json' };

/** The commands that handle signals themselves. With --config alone, tokenrelay runs the agent. */
const HANDLES_SIGNALS = new Set(['tokenrelay', 'run', 'exec']);

const HELP = {
  before: 'With --config and no command, tokenrelay runs the agent, as `tokenrelay run`\ndoes.',
  exitCodes: 'exec exits with the exit code of its command.',
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

/** Returns the command line of `tokenrelay`. It throws errors and does not write them. */
export function createProgram(): Command {
  const program = createCommandLine('tokenrelay', manifest.version, exitCodeMeanings, HELP)
    .description('Keep tokens fresh on this machine, and provide them to its programs.')
    .addOption(
      new Option('--config <file>', 'configuration file').default(
        undefined,
        `${defaultConfiguration} in run, exec, check and init`,
      ),
    )
    .allowExcessArguments()
    .hook('preAction', async (_program, command) => {
      if (!HANDLES_SIGNALS.has(command.name())) await releaseSignals();
    })
    .action((options: GlobalOptions, command: Command) => {
      const [name] = command.args;
      if (name !== undefined) throw usageFailure(`there is no command '${name}'; see tokenrelay --help`);
      if (options.config === undefined) command.help({ error: true });
      return run(options);
    });
  program.commandsGroup('For callers:');
  addGetCommand(program);
  addWaitCommand(program);
  addExecCommand(program);
  program.commandsGroup('For operators:');
  addInitCommand(program);
  addCheckCommand(program);
  addRunCommand(program);
  addStatusCommand(program);
  addRefreshCommand(program);
  return program;
}
