import { ownRevocationRequest } from '@tvm/contract/revocation.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { Argument, type Command, Option } from 'commander';
import * as z from 'zod';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { namedBy } from '../connection/name-option.ts';
import { readToken } from '../verification/read-token.ts';

const ownRevocation = {
  path: '/revoke',
  request: ownRevocationRequest,
  answer: z.object({}),
  nameOption: namedBy({ token: 'TOKEN', token_id: '--token-id' }),
};

const EXAMPLES = `
The command is idempotent. To revoke all your tokens for a task, use tvm done.
Operators revoke tokens of other workloads with tvm revoke-any.

Examples:
  $ echo "$TOKEN" | tvm revoke
  $ tvm revoke --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
`;

interface RevokeOptions extends GlobalOptions {
  tokenId?: string;
  subject?: string;
}

/** Adds `tvm revoke`, with which a workload revokes one of its own tokens. */
export function addRevokeCommand(program: Command): void {
  program
    .command('revoke')
    .summary('revoke one of your tokens')
    .description('Revoke a token that was issued to you, before it expires.')
    .addArgument(new Argument('[TOKEN]', 'token, or - for standard input').default(undefined, '-'))
    .option('--token-id <id>', 'token id, instead of TOKEN')
    // Hidden. It only exists for a better error message than "unknown option".
    .addOption(new Option('--subject <arn>').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((token: string | undefined, _options, command: Command) => revoke(token, command.optsWithGlobals()));
}

async function revoke(argument: string | undefined, options: RevokeOptions): Promise<void> {
  const { tokenId, subject, output } = options;
  if (subject !== undefined) {
    throw usageFailure(
      '--subject is not an option of tvm revoke; operators use tvm revoke-any --subject ARN',
      '--subject',
    );
  }
  if (argument !== undefined && tokenId !== undefined) {
    throw usageFailure('give either TOKEN or --token-id, not both');
  }
  const token = argument === undefined && tokenId !== undefined ? undefined : await readToken(argument);
  const answer = await exchange(ownRevocation, { token, token_id: tokenId }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write('the token is no longer active\n');
}
