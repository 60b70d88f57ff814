import type { Command } from 'commander';
import { addTokensListCommand } from './list-command.ts';
import { addTokensShowCommand } from './show-command.ts';
import { addTokensSummaryCommand } from './summary-command.ts';
import { addTokensWatchCommand } from './watch-command.ts';

const EXAMPLES = `
No command shows a token itself: the service does not store tokens.

Examples:
  $ tvm tokens list --state active --audience orders-db
  $ tvm tokens show 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm tokens watch
  $ tvm tokens summary
`;

/** Adds the command group `tvm tokens`, with which an operator lists all tokens. */
export function addTokensCommand(program: Command): void {
  const tokens = program
    .command('tokens')
    .summary('list, show, watch and count tokens')
    .description('List issued tokens and denied requests, with their workloads, decisions and use.')
    .addHelpText('after', EXAMPLES);
  addTokensListCommand(tokens);
  addTokensShowCommand(tokens);
  addTokensWatchCommand(tokens);
  addTokensSummaryCommand(tokens);
}
