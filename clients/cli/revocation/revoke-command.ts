import { ownRevocationRequest } from '@tvm/contract/revocation.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { type Command, Option } from 'commander';
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
Doing it again changes nothing. tvm done takes back all that you have for a task; operators take back the tokens of
others with tvm revoke-any.

Examples:
  $ echo "$TOKEN" | tvm revoke
  $ tvm revoke --token-id 4a81ca62-404f-430e-871f-5710f1bd1ce7
`;

interface RevokeOptions extends GlobalOptions {
  tokenId?: string;
  subject?: string;
}

/** Adds `tvm revoke`: a workload takes back a token of its own. */
export function addRevokeCommand(program: Command): void {
  program
    .command('revoke')
    .summary('take back a token of your own')
    .description('Take back a token that was vended to you, before its time.')
    .argument('[TOKEN]', 'the token; - or nothing: from standard input')
    .option('--token-id <id>', 'the token by its id, instead of TOKEN')
    // Not offered here, but asked for: better an answer than "unknown option".
    .addOption(new Option('--subject <arn>').hideHelp())
    .addHelpText('after', EXAMPLES)
    .action((token: string | undefined, _options, command: Command) => revoke(token, command.optsWithGlobals()));
}

async function revoke(argument: string | undefined, options: RevokeOptions): Promise<void> {
  const { tokenId, subject, output } = options;
  if (subject !== undefined) {
    throw usageFailure('--subject is for operators: tvm revoke-any --subject ARN', '--subject');
  }
  if (argument !== undefined && tokenId !== undefined) {
    throw usageFailure('TOKEN or --token-id must be given, one of the two');
  }
  const token = argument === undefined && tokenId !== undefined ? undefined : await readToken(argument);
  const answer = await exchange(ownRevocation, { token, token_id: tokenId }, options);
  if (output === 'json') writeJson(answer);
  else process.stderr.write('the token is not active any more\n');
}
