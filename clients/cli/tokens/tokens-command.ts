import type { Command } from 'commander';
import { addTokensListCommand } from './list-command.ts';
import { addTokensShowCommand } from './show-command.ts';
import { addTokensSummaryCommand } from './summary-command.ts';
import { addTokensWatchCommand } from './watch-command.ts';

const EXAMPLES = `
For operators. No command shows a token itself: the machine does not keep it.

Examples:
  $ tvm tokens list --state active --audience orders-db
  $ tvm tokens show 4a81ca62-404f-430e-871f-5710f1bd1ce7
  $ tvm tokens watch
  $ tvm tokens summary
`;

/** Adds the group `tvm tokens`: an operator sees every token. */
export function addTokensCommand(program: Command): void {
  const tokens = program
    .command('tokens')
    .summary('for operators: list, show, watch and count tokens')
    .description('For operators: see what was vended and denied, whose it is, and what became of it.')
    .addHelpText('after', EXAMPLES);
  addTokensListCommand(tokens);
  addTokensShowCommand(tokens);
  addTokensWatchCommand(tokens);
  addTokensSummaryCommand(tokens);
}
