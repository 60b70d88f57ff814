import { styleText } from 'node:util';
import { type TokenSummaryResponse, tokenSummaryRequest, tokenSummaryResponse } from '@tvm/contract/token-list.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { type Column, tableLines } from '@tvm/terminal/table.ts';
import type { Command } from 'commander';
import { exchange } from '../connection/exchange.ts';
import type { GlobalOptions } from '../connection/global-options.ts';

const summing = {
  method: 'GET' as const,
  path: '/tokens/summary',
  request: tokenSummaryRequest,
  answer: tokenSummaryResponse,
  nameOption: () => undefined,
};

const EXAMPLES = `
Counts are exact, but a few seconds old.

Examples:
  $ tvm tokens summary
  $ tvm tokens summary --output json | jq .active
`;

/** The maximum number of rows per section in text output. */
const SHOWN = 10;

/** Adds `tvm tokens summary`, which counts the active tokens. */
export function addTokensSummaryCommand(tokens: Command): void {
  tokens
    .command('summary')
    .summary('count active tokens by subject, audience, type and hour')
    .description('Count the active tokens by subject, audience, type and hour of issue.')
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => summarize(command.optsWithGlobals()));
}

async function summarize(options: GlobalOptions): Promise<void> {
  const summary = await exchange(summing, {}, options);
  if (options.output === 'json') writeJson(summary);
  else process.stdout.write(`${summaryLines(summary, process.stdout).join('\n')}\n`);
}

function summaryLines(summary: TokenSummaryResponse, stream: NodeJS.WriteStream): string[] {
  const { active, time } = summary;
  const hours = Object.entries(summary.by_hour).sort(([a], [b]) => (a < b ? 1 : -1));
  return [
    `${active} active token${active === 1 ? '' : 's'} at ${time.replace(/\.\d+Z$/, 'Z')}`,
    ...section('BY SUBJECT', Object.entries(summary.by_subject), stream),
    ...section('BY AUDIENCE', Object.entries(summary.by_audience), stream),
    ...section('BY TYPE', Object.entries(summary.by_action), stream),
    ...section('BY HOUR OF ISSUE (UTC)', hours, stream),
  ];
}

/** The maximum length of a bar, in characters. */
const BAR = 24;

function section(title: string, counts: [string, number][], stream: NodeJS.WriteStream): string[] {
  if (counts.length === 0) return [];
  const most = Math.max(...counts.map(([, count]) => count));
  const columns: Column<[string, number]>[] = [
    { title: '', cell: ([, count]) => String(count), right: true },
    { title, cell: ([name]) => name || '(none)', least: 20 },
    {
      title: '',
      cell: ([, count]) => '▇'.repeat(Math.max(1, Math.round((count / most) * BAR))),
      paint: (bar) => styleText('cyan', bar, { stream }),
    },
  ];
  const left = counts.length - SHOWN;
  const lines = tableLines(columns, counts.slice(0, SHOWN), stream);
  return ['', ...lines, ...(left > 0 ? [styleText('dim', `… and ${left} more: --output json`, { stream })] : [])];
}
