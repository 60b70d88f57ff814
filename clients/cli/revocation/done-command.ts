import { ownRevocationRequest } from '@tvm/contract/revocation.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import type { Command } from 'commander';
import * as z from 'zod';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { namedBy } from '../connection/name-option.ts';

const finishing = {
  path: '/revoke',
  request: ownRevocationRequest,
  answer: z.object({}),
  nameOption: namedBy({ task: '--task' }),
};

const EXAMPLES = `
Tokens of a task are those that were asked for with it: tvm token --task deploy-42 …
Doing it again changes nothing.

Example:
  $ tvm done --task deploy-42
`;

interface DoneOptions extends GlobalOptions {
  task?: string;
}

/** Adds `tvm done`: a workload takes back all tokens of its own for a task. */
export function addDoneCommand(program: Command): void {
  program
    .command('done')
    .summary('take back all tokens of your own for a task')
    .description('Take back all tokens that were vended to you for a task, when it is done.')
    .requiredOption('--task <id>', 'the task')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => finish(command.optsWithGlobals()));
}

async function finish(options: DoneOptions): Promise<void> {
  const { task, output } = options;
  const answer = await exchange(finishing, { task }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write('the tokens of the task are taken back\n');
}
