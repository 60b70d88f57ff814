import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import { type TokenResponse, tokenRequest, tokenResponse } from '@tvm/contract/token.ts';
import { Failure } from '@tvm/terminal/failure.ts';
import { describeDuration, describeTime, writeJson, writeTable } from '@tvm/terminal/output.ts';
import type { Command } from 'commander';
import { describeGrants, describeObligations } from '../connection/describe-grants.ts';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { commandLine } from './command-line.ts';
import { addRequestOptions, nameRequestOption, type RequestOptions, readRequest } from './request-options.ts';

type TokenOptions = RequestOptions & GlobalOptions;

const EXAMPLES = `
Writes only the token to standard output. A summary of what it permits goes to
standard error.

Examples:
  Read one table, with the default lifetime:
    $ tvm token --action read --location orders-db/orders --audience orders-db

  Store the token in a variable and use it:
    $ TOKEN=$(tvm token --action read --location orders-db/orders \\
        --audience orders-db --duration 5m)
    $ curl -H "Authorization: Bearer $TOKEN" https://orders.example.com/orders

  Read one table and write another with the same token:
    $ tvm token --audience orders-db --duration 300 \\
        --grant read:orders-db/orders --grant write:orders-db/shipments

  Read two fields of each row; in --grant, fields follow a #:
    $ tvm token --action read --location orders-db/orders --field id status \\
        --audience orders-db
    $ tvm token --grant 'read:orders-db/orders#id,status' --audience orders-db

  Get the allowed part of a subtree, or of a role:
    $ tvm token --action read --location 'orders-db/*' \\
        --audience orders-db --partial
    $ tvm token --role deployer --partial
`;

/** Adds `tvm token`, which requests a token. */
export function addTokenCommand(program: Command): void {
  addRequestOptions(program.command('token'))
    .summary('request a token')
    .description('Request a short-lived token for the given actions on the given locations.')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => requestToken(command.optsWithGlobals()));
}

async function requestToken(options: TokenOptions): Promise<void> {
  const unverified = { grant_type: 'client_credentials', ...readRequest(options) };
  const issuing = {
    path: '/token',
    request: tokenRequest,
    answer: tokenResponse,
    nameOption: nameRequestOption(options),
  };
  const response = await exchange(issuing, unverified, options).catch((error: unknown) => {
    throw error instanceof Failure && error.details.code === 'access_denied'
      ? new Failure(
          `${error.message}; to see why, run: ${commandLine('explain', tokenRequest.parse(unverified))}`,
          error.details,
        )
      : error;
  });
  if (options.output === 'json') {
    writeJson(response);
    return;
  }
  process.stdout.write(`${response.access_token}\n`);
  const { authorization_details: requested = [], grant } = tokenRequest.parse(unverified);
  writeSummary(response, grant === 'partial' ? requested : [], options.audience ?? options.resource);
}

/** @param requested the requested grants, if the token may have been granted in part */
function writeSummary(
  response: TokenResponse,
  requested: readonly AuthorizationDetail[],
  audience: string | undefined,
): void {
  const { authorization_details: granted, scope, obligations, expires_in, token_id } = response;
  const expiry = describeTime(Math.floor(Date.now() / 1000) + expires_in);
  const missing = describeGrants(notGranted(requested, granted));
  writeTable(
    {
      ...(scope !== undefined && { role: scope.replace(/^role:/, '') }),
      granted: describeGrants(granted),
      ...(missing.length > 0 && { 'not granted': missing }),
      ...(audience !== undefined && { audience }),
      ...(obligations && { obligations: describeObligations(obligations) }),
      expires: `in ${describeDuration(expires_in)}, at ${expiry}`,
      'token id': token_id,
    },
    process.stderr,
  );
}

/** Returns the requested action and location pairs that were not granted. A role requests no pairs. */
function notGranted(
  requested: readonly AuthorizationDetail[],
  granted: readonly AuthorizationDetail[],
): AuthorizationDetail[] {
  const pair = (action: string, location: string, fields: readonly string[] | undefined) =>
    JSON.stringify([action, location, fields]);
  const given = new Set(
    granted.flatMap(({ actions, locations, fields }) =>
      actions.flatMap((action) => locations.map((location) => pair(action, location, fields))),
    ),
  );
  return requested.flatMap(({ actions, locations, fields, ...rest }) =>
    locations.flatMap((location) => {
      const missing = actions.filter((action) => !given.has(pair(action, location, fields)));
      return missing.length === 0
        ? []
        : [{ ...rest, actions: missing, locations: [location], ...(fields && { fields }) }];
    }),
  );
}
