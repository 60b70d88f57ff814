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
A token belongs to a task if it was requested with it: tvm token --task
deploy-42. The command is idempotent.

Example:
  $ tvm done --task deploy-42
`;

interface DoneOptions extends GlobalOptions {
  task?: string;
}

/** Adds `tvm done`, with which a workload revokes all its own tokens for a task. */
export function addDoneCommand(program: Command): void {
  program
    .command('done')
    .summary('revoke all your tokens for a finished task')
    .description('Revoke all tokens that were issued to you for a task, when the task is finished.')
    .requiredOption('--task <id>', 'task id')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => finish(command.optsWithGlobals()));
}

async function finish(options: DoneOptions): Promise<void> {
  const { task, output } = options;
  const answer = await exchange(finishing, { task }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write('all your tokens for the task are revoked\n');
}
