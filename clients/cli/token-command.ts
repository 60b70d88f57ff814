import { type Command, Option } from 'commander';
import { parseDuration } from '../../contract/duration.ts';
import { type TokenResponse, tokenRequest, tokenResponse } from '../../contract/token.ts';
import { exchange } from './exchange.ts';
import { usageFailure } from './failure.ts';
import { type GrantOptions, nameGrantOption, readGrants } from './grants.ts';
import { type NameOption, namedBy } from './options.ts';
import { describeDuration, describeGrants, describeTime, writeJson, writeTable } from './output.ts';
import type { GlobalOptions } from './program.ts';

interface TokenOptions extends GrantOptions, GlobalOptions {
  audience?: string;
  resource?: string;
  duration?: string;
  reason?: string;
}

const EXAMPLES = `
The token alone goes to standard output; what it permits, to standard error.

Examples:
  Read one table, for the default lifetime:
    $ tvm token --action read --location orders-db/orders --audience orders-db

  Keep the token in a variable and use it:
    $ TOKEN=$(tvm token --action read --location orders-db/orders --audience orders-db --duration 5m)
    $ curl -H "Authorization: Bearer $TOKEN" https://orders.example.com/orders

  Read here and write there, in one token:
    $ tvm token --grant read:orders-db/orders --grant write:orders-db/shipments \\
        --audience orders-db --duration 300

  Two fields of each row only; with --grant they follow a #:
    $ tvm token --action read --location orders-db/orders --field id status --audience orders-db
    $ tvm token --grant 'read:orders-db/orders#id,status' --audience orders-db
`;

/** Adds `tvm token`: asks for a token. */
export function addTokenCommand(program: Command): void {
  program
    .command('token')
    .summary('ask for a token')
    .description('Ask for a short-lived token that permits the named actions on the named locations, and no more.')
    .option('--action <action...>', 'what to do, on every --location: read, write')
    .option('--location <location...>', 'on what: an exact name, such as orders-db/orders')
    .option('--field <field...>', 'only these fields of the locations (without it: all)')
    .option('--grant <grant...>', 'instead of these three, an entry each: ACTION[,ACTION]:LOCATION[#FIELD[,FIELD]]')
    .option('--audience <name>', 'who will receive the token: the name of a resource server')
    .addOption(new Option('--resource <uri>', 'the same as an absolute URI').conflicts('audience'))
    .option('--duration <duration>', 'lifetime: 15m, 1h, or seconds such as 900 (without it: as configured)')
    .option('--reason <text>', 'why, for the audit')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => askForToken(command.optsWithGlobals()));
}

async function askForToken(options: TokenOptions): Promise<void> {
  const { audience, resource, reason, output } = options;
  const unverified = {
    grant_type: 'client_credentials',
    authorization_details: readGrants(options),
    audience,
    resource,
    expires_in: readDuration(options.duration),
    reason,
  };
  const issuing = {
    path: '/token',
    request: tokenRequest,
    answer: tokenResponse,
    nameOption: nameTokenOption(options),
  };
  const answer = await exchange(issuing, unverified, options);
  if (output === 'json') {
    writeJson(answer);
    return;
  }
  process.stdout.write(`${answer.access_token}\n`);
  writeSummary(answer, audience ?? resource ?? '');
}

function readDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = parseDuration(text);
  if (seconds === undefined) {
    throw usageFailure(
      `--duration ${JSON.stringify(text)} must be a duration such as 15m, 1h or 900 (seconds)`,
      '--duration',
    );
  }
  return seconds;
}

function nameTokenOption(options: GrantOptions): NameOption {
  const ofGrant = nameGrantOption(options);
  const ofOthers = namedBy({
    audience: '--audience',
    resource: '--resource',
    expires_in: '--duration',
    reason: '--reason',
  });
  return (path) => (path[0] === 'authorization_details' ? ofGrant(path) : ofOthers(path));
}

function writeSummary({ authorization_details, expires_in, token_id }: TokenResponse, audience: string): void {
  const expiry = describeTime(Math.floor(Date.now() / 1000) + expires_in);
  writeTable(
    {
      granted: describeGrants(authorization_details),
      audience,
      expires: `in ${describeDuration(expires_in)}, at ${expiry}`,
      'token id': token_id,
    },
    process.stderr,
  );
}
