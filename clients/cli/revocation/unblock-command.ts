import { unblockRequest, unblockResponse } from '@tvm/contract/revocation.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import type { Command } from 'commander';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { namedBy } from '../connection/name-option.ts';

const lifting = {
  path: '/blocks/lift',
  request: unblockRequest,
  answer: unblockResponse,
  nameOption: namedBy({ subject: '--subject', reason: '--reason' }),
};

const EXAMPLES = `
A revoked workload is blocked for a time, so that it does not just ask again. What was revoked stays so.

Example:
  $ tvm unblock --subject arn:aws:iam::123456789012:role/orders-service --reason 'incident 42 closed'
`;

interface UnblockOptions extends GlobalOptions {
  subject?: string;
  reason?: string;
}

/** Adds `tvm unblock`: an operator lets a blocked workload have tokens again. */
export function addUnblockCommand(program: Command): void {
  program
    .command('unblock')
    .summary('for operators: let a blocked workload have tokens again')
    .description('For operators: let a blocked workload have tokens again, before the time is over.')
    .requiredOption('--subject <arn>', 'its IAM role or user')
    .option('--reason <text>', 'why, for the audit')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => unblock(command.optsWithGlobals()));
}

async function unblock(options: UnblockOptions): Promise<void> {
  const { subject, reason, output } = options;
  const answer = await exchange(lifting, { subject, reason }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write(answer.unblocked ? 'it may have tokens again\n' : 'it was not blocked\n');
}
