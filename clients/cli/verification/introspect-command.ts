import {
  type IntrospectionResponse,
  introspectionRequest,
  introspectionResponse,
} from '@tvm/contract/introspection.ts';
import { describeDuration, describeTime, writeJson, writeTable } from '@tvm/terminal/output.ts';
import { Argument, type Command } from 'commander';
import { describeGrants } from '../connection/describe-grants.ts';
import { exchange } from '../connection/exchange.ts';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { namedBy } from '../connection/name-option.ts';
import { readToken } from './read-token.ts';

const introspection = {
  path: '/introspect',
  request: introspectionRequest,
  answer: introspectionResponse,
  nameOption: namedBy({ token: 'TOKEN' }),
};

const EXAMPLES = `
A token is reported as active only if it is for an audience of the caller.
Exits with 0 if the token is active, with 4 if it is not.

Examples:
  Keep the token out of the shell history and the process list:
    $ echo "$TOKEN" | tvm introspect

  Get a claim from the JSON output:
    $ echo "$TOKEN" | tvm introspect --output json | jq .authorization_details
`;

/** Adds `tvm introspect`, which reports whether a token is active. */
export function addIntrospectCommand(program: Command): void {
  program
    .command('introspect')
    .summary('show whether a token is active, and what it permits')
    .description('Show whether a token is active, and what it permits.')
    .addArgument(new Argument('[TOKEN]', 'token, or - for standard input').default(undefined, '-'))
    .addHelpText('after', EXAMPLES)
    .action((token: string | undefined, _options, command: Command) => introspect(token, command.optsWithGlobals()));
}

async function introspect(argument: string | undefined, options: GlobalOptions): Promise<void> {
  const answer = await exchange(introspection, { token: await readToken(argument) }, options);
  // Set the exit code before writing: the reader of the output may close the pipe early.
  process.exitCode = answer.active ? exitCodes.done : exitCodes.inactive;
  if (options.output === 'json') writeJson(answer);
  else writeTable(summary(answer), process.stdout);
}

function summary(answer: IntrospectionResponse): Record<string, string | string[]> {
  if (!answer.active) return { active: 'no: unknown, expired, revoked, or for another audience' };
  const left = Math.max(0, answer.exp - Math.floor(Date.now() / 1000));
  return {
    active: 'yes',
    permits: describeGrants(answer.authorization_details),
    subject: answer.sub,
    audience: answer.aud,
    issuer: answer.iss,
    issued: describeTime(answer.iat),
    expires: `${describeTime(answer.exp)}, in ${describeDuration(left)}`,
    'token id': answer.jti,
  };
}
