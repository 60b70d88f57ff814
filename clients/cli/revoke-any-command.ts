import { type Command, Option } from 'commander';
import { revocationRequest, revocationResponse } from '../../contract/revocation.ts';
import { exchange } from './exchange.ts';
import type { GlobalOptions } from './global-options.ts';
import { namedBy } from './options.ts';
import { writeJson } from './output.ts';

const anyRevocation = {
  path: '/revocations',
  request: revocationRequest,
  answer: revocationResponse,
  nameOption: namedBy({ token_id: '--token-id', subject: '--subject', reason: '--reason' }),
};

const EXAMPLES = `
Doing it again changes nothing, and counts none.

Examples:
  One token, by its id:
    $ tvm revoke-any --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7 --reason 'seen in a log'

  Every token of a workload vended until now:
    $ tvm revoke-any --subject arn:aws:iam::123456789012:role/orders-service --reason 'incident 42'
`;

interface RevokeAnyOptions extends GlobalOptions {
  tokenId?: string;
  subject?: string;
  reason?: string;
}

/** Adds `tvm revoke-any`: an operator takes back any token, or all tokens of a workload. */
export function addRevokeAnyCommand(program: Command): void {
  program
    .command('revoke-any')
    .summary('for operators: take back any token, or all tokens of a workload')
    .description('For operators: take back any token, or all tokens of a workload.')
    .option('--token-id <id>', 'one token, by its id')
    .addOption(new Option('--subject <arn>', 'every token of this IAM role or user').conflicts('tokenId'))
    .option('--reason <text>', 'why, for the audit')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => revokeAny(command.optsWithGlobals()));
}

async function revokeAny(options: RevokeAnyOptions): Promise<void> {
  const { tokenId, subject, reason, output } = options;
  const answer = await exchange(anyRevocation, { token_id: tokenId, subject, reason }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write(`revoked ${answer.revoked} token${answer.revoked === 1 ? '' : 's'}\n`);
}
