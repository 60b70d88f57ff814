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
A revoked workload is blocked for some time, so that it cannot just request new
tokens. Revoked tokens stay revoked.

Example:
  $ tvm unblock --subject arn:aws:iam::123456789012:role/orders-service \\
      --reason 'incident 42 closed'
`;

interface UnblockOptions extends GlobalOptions {
  subject?: string;
  reason?: string;
}

/** Adds `tvm unblock`, with which an operator ends the block of a workload. */
export function addUnblockCommand(program: Command): void {
  program
    .command('unblock')
    .summary('unblock a workload before its block expires')
    .description('Unblock a workload before its block expires. It can then request tokens again.')
    .requiredOption('--subject <subject>', 'IAM role or user of the workload, or a federated subject')
    .option('--reason <text>', 'reason for the audit log')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => unblock(command.optsWithGlobals()));
}

async function unblock(options: UnblockOptions): Promise<void> {
  const { subject, reason, output } = options;
  const answer = await exchange(lifting, { subject, reason }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write(answer.unblocked ? 'the workload is unblocked\n' : 'the workload was not blocked\n');
}
