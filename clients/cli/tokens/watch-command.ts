import { setTimeout as sleep } from 'node:timers/promises';
import { parseDuration } from '@tvm/contract/duration.ts';
import { type ListedToken, PAGE, type TokenState, tokenListRequest } from '@tvm/contract/token-list.ts';
import { Failure, writeFailure } from '@tvm/terminal/failure.ts';
import { describeDuration } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { fittedLine } from '@tvm/terminal/table.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { describeGrants } from '../connection/describe-grants.ts';
import { exchange } from '../connection/exchange.ts';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import {
  addTokenFilterOptions,
  listing,
  readTokenFilter,
  TIMES,
  type TokenFilter,
  type TokenFilterOptions,
} from './filter-options.ts';
import { paintState, shortSubject } from './rows.ts';
import { type TokenWatch, tokenWatch } from './watch.ts';

const EXAMPLES = `${TIMES}
Writes one line when a token is issued or denied, and one line for each change
of its state. Starts with the last minute, or with the time in --issued-after.
With --state, follows tokens that are in that state when they are first seen.
Displayed times are UTC. Stop it with Ctrl-C.

Examples:
  $ tvm tokens watch
  $ tvm tokens watch --issued-after 1h \\
      --subject arn:aws:iam::123456789012:role/orders-service

  Write one JSON object per line, for a program:
    $ tvm tokens watch --state denied --output json | jq .denial
`;

/** The maximum number of pages per poll. Tokens older than those on the last page are not followed. */
const PAGES = 10;

const LAST_MINUTE = 60_000;

interface WatchOptions extends TokenFilterOptions, GlobalOptions {
  /** In seconds. */
  interval: number;
}

/** Adds `tvm tokens watch`, which follows tokens live. */
export function addTokensWatchCommand(tokens: Command): void {
  addTokenFilterOptions(tokens.command('watch'))
    .summary('follow issued tokens and denied requests live')
    .description('Follow the issued tokens and denied requests that match all filters, and each change of their state.')
    .addOption(new Option('--interval <duration>', 'polling interval').argParser(readInterval).default(2, '2s'))
    .addHelpText('after', EXAMPLES)
    .action((_options, command: Command) => watch(command.optsWithGlobals()));
}

async function watch(options: WatchOptions): Promise<void> {
  const interrupted = new AbortController();
  const stop = () => interrupted.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const { signal } = interrupted;
  const started = Date.now();
  const { state, ...filter } = readTokenFilter(options, started);
  const start = typeof filter.issued_after === 'string' ? Date.parse(filter.issued_after) : started - LAST_MINUTE;
  const following = tokenWatch(start, state as TokenState | undefined);
  const poll = poller(filter, options, following, signal);
  try {
    await poll();
    while (!signal.aborted) {
      await sleep(options.interval * 1000, undefined, { signal });
      await poll().catch(reportOutage(options, signal));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Returns a function that polls once and writes the new tokens and changes. */
function poller(
  filter: Omit<Record<keyof TokenFilter, unknown>, 'state'>,
  options: WatchOptions,
  following: TokenWatch,
  signal: AbortSignal,
): () => Promise<void> {
  let warned = false;
  return async () => {
    const issued_after = new Date(following.since(Date.now())).toISOString();
    const listed: ListedToken[] = [];
    let cursor: string | undefined;
    for (let pages = 0; pages < PAGES; pages++) {
      const query = { ...filter, issued_after, limit: PAGE, cursor };
      const page = await exchange({ ...listing, request: tokenListRequest, signal }, query, options);
      listed.push(...page.tokens);
      cursor = page.next_cursor;
      if (cursor === undefined) break;
    }
    if (cursor !== undefined && !warned) {
      warned = true;
      process.stderr.write(`there are too many tokens to follow, so the oldest are skipped: add a filter\n`);
    }
    for (const token of following.news(listed, Date.now())) {
      const line = options.output === 'json' ? JSON.stringify(token) : lineOf(token, process.stdout);
      process.stdout.write(`${line}\n`);
    }
  };
}

/** Reports an outage of the service and lets the watch continue. Rethrows every other error, because it would repeat. */
function reportOutage(options: WatchOptions, signal: AbortSignal): (error: unknown) => void {
  return (error) => {
    if (signal.aborted || !(error instanceof Failure) || error.details.exitCode !== exitCodes.fault) throw error;
    writeFailure(error, options.output, 'tvm');
  };
}

/** Formats a token as a line: the time, the event and the token. */
function lineOf(token: ListedToken, stream: NodeJS.WriteStream): string {
  const { state, token_id, type, subject, authorization_details, revoked_at, expires_at, issued_at } = token;
  const when = { active: issued_at, denied: issued_at, failed: issued_at, revoked: revoked_at, expired: expires_at };
  const time = (when[state] ?? issued_at).slice('yyyy-mm-ddT'.length, 'yyyy-mm-ddThh:mm:ss'.length);
  const word = state === 'active' ? 'issued' : state;
  const grants = describeGrants(authorization_details).join('; ');
  const what = [
    token_id,
    type.padEnd('write'.length),
    printable(shortSubject(subject)),
    printable(grants + whyOf(token)),
  ];
  const line = fittedLine([time, word.padEnd('revoked'.length), ...what].join('  '), stream);
  return line.replace(word, (found) => paintState(found, state, stream));
}

function whyOf({ state, lifetime, denial, failure, revoked_by, revocation_reason }: ListedToken): string {
  switch (state) {
    case 'active':
      return `, for ${describeDuration(lifetime)}`;
    case 'denied':
      return `: ${denial}`;
    case 'failed':
      return `: ${failure}`;
    case 'revoked':
      return `, by ${shortSubject(`${revoked_by}`)}${revocation_reason === undefined ? '' : `: ${revocation_reason}`}`;
    case 'expired':
      return '';
  }
}

function readInterval(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('It must be a duration such as 5s.');
  return seconds;
}
