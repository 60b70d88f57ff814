import { PAGE, type TokenListResponse, tokenListRequest } from '@tvm/contract/token-list.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { tableLines } from '@tvm/terminal/table.ts';
import { type Command, InvalidArgumentError } from 'commander';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { addTokenFilterOptions, listing, readTokenFilter, type TokenFilterOptions } from './filter-options.ts';
import { tokenColumns } from './rows.ts';

const EXAMPLES = `
Newest first. Of several options, all must hold. A table leaves out columns that do not fit into the
terminal; --output json has everything.

Examples:
  What a workload holds right now:
    $ tvm tokens list --state active --subject arn:aws:iam::123456789012:role/orders-service

  Whoever may write anywhere in a database:
    $ tvm tokens list --state active --action write --resource 'orders-db/*'

  What was denied in the last hour:
    $ tvm tokens list --state denied --issued-after 1h --all

  What a policy let out between two times:
    $ tvm tokens list --policy reads-orders \\
        --issued-after 3h --issued-before 2h
`;

interface ListOptions extends TokenFilterOptions, GlobalOptions {
  limit: number;
  all?: true;
}

/** Adds `tvm tokens list`: a page of tokens, or all of them. */
export function addTokensListCommand(tokens: Command): void {
  addTokenFilterOptions(tokens.command('list'))
    .summary('list tokens: active, expired, revoked, denied')
    .description('List what was vended and what was denied, by what picks it out. Never shows a token.')
    .option('--limit <number>', 'the most to list', readLimit, 50)
    .option('--all', 'every one there is, however many')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => list(command.optsWithGlobals()));
}

async function list(options: ListOptions): Promise<void> {
  const now = Date.now();
  const filter = readTokenFilter(options, now);
  const most = options.all ? Number.POSITIVE_INFINITY : options.limit;
  const found: TokenListResponse = { tokens: [] };
  // A page may be short, even empty, and not the last.
  do {
    const asked = { ...filter, limit: Math.min(PAGE, most - found.tokens.length), cursor: found.next_cursor };
    const page = await exchange({ ...listing, request: tokenListRequest }, asked, options);
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
      `note: filters by --resource and --policy may miss ${partial} of these denials, which name too many\n`,
    );
  stderr.write(`${count}${next_cursor === undefined ? '' : '; there may be more: --limit, or --all'}\n`);
}

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 999999.');
  return Number(text);
}
