import { PAGE, type TokenListResponse, tokenListRequest } from '@tvm/contract/token-list.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { tableLines } from '@tvm/terminal/table.ts';
import { type Command, InvalidArgumentError } from 'commander';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { addTokenFilterOptions, listing, readTokenFilter, TIMES, type TokenFilterOptions } from './filter-options.ts';
import { tokenColumns } from './rows.ts';

const EXAMPLES = `${TIMES}
Newest first. A table omits columns that do not fit into the terminal; --output
json has everything.

Examples:
  List the active tokens of a workload:
    $ tvm tokens list --state active \\
        --subject arn:aws:iam::123456789012:role/orders-service

  List the tokens with write access anywhere in a database:
    $ tvm tokens list --state active --action write --resource 'orders-db/*'

  List all requests that were denied in the last hour:
    $ tvm tokens list --state denied --issued-after 1h --all

  List the tokens that a policy permitted between two times:
    $ tvm tokens list --policy reads-orders --issued-after 3h --issued-before 2h
`;

interface ListOptions extends TokenFilterOptions, GlobalOptions {
  limit: number;
  all?: true;
}

/** Adds `tvm tokens list`, which lists tokens, by default at most 50. */
export function addTokensListCommand(tokens: Command): void {
  addTokenFilterOptions(tokens.command('list'))
    .summary('list issued tokens and denied requests')
    .description('List the issued tokens and denied requests that match all filters.')
    .option('--limit <number>', 'maximum number of rows', readLimit, 50)
    .option('--all', 'all rows')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => list(command.optsWithGlobals()));
}

async function list(options: ListOptions): Promise<void> {
  const now = Date.now();
  const filter = readTokenFilter(options, now);
  const most = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const found: TokenListResponse = { tokens: [] };
  // A page that is short or empty is not necessarily the last.
  do {
    const request = { ...filter, limit: Math.min(PAGE, most - found.tokens.length), cursor: found.next_cursor };
    const page = await exchange({ ...listing, request: tokenListRequest }, request, options);
    found.tokens.push(...page.tokens);
    if (page.next_cursor === undefined) delete found.next_cursor;
    else found.next_cursor = page.next_cursor;
  } while (found.next_cursor !== undefined && found.tokens.length < most);

  if (options.output === 'json') {
    writeJson(found);
    return;
  }
  const { tokens, next_cursor } = found;
  const { stdout, stderr } = process;
  if (tokens.length > 0) stdout.write(`${tableLines(tokenColumns(now, stdout), tokens, stdout).join('\n')}\n`);
  const count = `${tokens.length === 0 ? 'no' : tokens.length} token${tokens.length === 1 ? '' : 's'}`;
  const partial = tokens.filter((token) => token.partially_indexed).length;
  if (partial > 0)
    stderr.write(
      `note: ${partial} of these denials are only partly indexed; filters by --resource and --policy may miss them\n`,
    );
  stderr.write(`${count}${next_cursor === undefined ? '' : '; there may be more: raise --limit or give --all'}\n`);
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be an integer from 1 to 999999.');
  return Number(text);
}
