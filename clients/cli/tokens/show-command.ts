import { type TokenLifeResponse, tokenLifeRequest, tokenLifeResponse } from '@tvm/contract/token-list.ts';
import { describeDuration, writeJson, writeTable } from '@tvm/terminal/output.ts';
import type { Command } from 'commander';
import * as z from 'zod';
import { describeGrants, describeObligations } from '../connection/describe-grants.ts';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { checkRequest, namedBy } from '../connection/name-option.ts';
import { relative } from './rows.ts';

const EXAMPLES = `
Introspections are requests of resource servers about the token. Uses are
reported by resource servers.

Examples:
  $ tvm tokens show 4a81ca62-404f-430e-871f-5710f1bd1ce7

  Get the policies that decided, as JSON:
    $ tvm tokens show 4a81ca62-404f-430e-871f-5710f1bd1ce7 --output json |
        jq .policies
`;

/** Adds `tvm tokens show`, which shows the whole life of a token. */
export function addTokensShowCommand(tokens: Command): void {
  tokens
    .command('show')
    .summary('show the life of one token')
    .description('Show the life of one token or denied request: request, decision, use, and expiry or revocation.')
    .argument('<TOKEN_ID>', '`jti` of a token, or `tokenId` of an event')
    .addHelpText('after', EXAMPLES)
    .action((id: string, _options, command: Command) => show(id, command.optsWithGlobals()));
}

async function show(unverifiedId: string, options: GlobalOptions): Promise<void> {
  const nameOption = namedBy({ id: 'TOKEN_ID' });
  const { id } = checkRequest(tokenLifeRequest, { id: unverifiedId }, nameOption);
  const life = await exchange(
    { method: 'GET', path: `/tokens/${id}`, request: z.object({}), answer: tokenLifeResponse, nameOption },
    {},
    options,
  );
  if (options.output === 'json') writeJson(life);
  else writeTable(describeLife(life, Date.now()), process.stdout);
}

type Rows = Record<string, string | string[] | undefined>;

function describeLife(life: TokenLifeResponse, now: number): Record<string, string | string[]> {
  const at = (time: string | undefined) => time && `${time.replace(/\.\d+Z$/, 'Z')}, ${relative(time, now)}`;
  const { obligations = {}, introspections, uses, requested, status_list } = life;
  const rows: Rows = {
    'token id': life.token_id,
    state: life.state,
    type: life.type,
    permits: describeGrants(life.authorization_details),
    usage: life.usage,
    size: life.size === undefined ? undefined : `${life.size} bytes`,
    issuer: life.issuer,
    subject: life.subject,
    workload: life.workload,
    account: life.account,
    from: life.source_ip,
    audience: life.audience,
    role: life.role,
    task: life.task,
    reason: life.reason,
    requested: requested && describeGrants(requested),
    request: life.request_id,
    [life.state === 'denied' ? 'denied' : 'issued']: at(life.issued_at),
    lifetime: describeDuration(life.lifetime),
    expires: at(life.expires_at),
    policies: life.policies,
    'policy errors': life.policy_errors,
    conditions: life.conditions,
    'policy bundle': life.policy_bundle,
    obligations: describeObligations(obligations),
    'signing key': life.key_id,
    'status list': status_list && `bit ${status_list.idx} of ${status_list.uri}`,
    'denial reason': life.denial,
    indexed: life.partially_indexed && 'partly: filters by --resource and --policy may miss this denial',
    'failure reason': life.failure,
    failed: at(life.failed_at),
    revoked: at(life.revoked_at),
    'revoked by': life.revoked_by,
    'revocation reason': life.revocation_reason,
    revocation: life.revocation_id,
    introspections: introspections.map(
      ({ by, result, count, from, to }) => `${result}, ${times(count)} to ${by}, ${span(from, to)}`,
    ),
    uses: uses.map(
      ({ by, action, location, outcome, count, from, to }) =>
        `${action} ${location}, ${outcome} ${times(count)} by ${by}, ${span(from, to)}`,
    ),
    ...(life.more && { more: 'only a part is counted here; the archive has everything' }),
  };
  return Object.fromEntries(
    Object.entries(rows).flatMap(([name, value]) => (value === undefined || value.length === 0 ? [] : [[name, value]])),
  );
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function span(from: string, to: string): string {
  const [first, last] = [from, to].map((time) => time.replace(/\.\d+Z$/, 'Z'));
  return first === last ? `${first}` : `${first} to ${last}`;
}
