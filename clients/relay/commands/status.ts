import { styleText } from 'node:util';
import { describeDuration, writeJson } from '@tvm/terminal/output.ts';
import { printableMessage } from '@tvm/terminal/printable.ts';
import { type Column, tableLines } from '@tvm/terminal/table.ts';
import { exitCodes } from '../failure.ts';
import { rfc3339 } from '../model/clock.ts';
import { isHealthy, type TokenState, type TokenStatus } from '../model/status.ts';
import { type ControlOptions, clientFor } from './control-options.ts';

const COLOURS: Record<TokenState, Parameters<typeof styleText>[0]> = {
  waiting: 'yellow',
  fresh: 'green',
  retrying: 'yellow',
  stale: 'red',
  expired: 'red',
  revoked: 'red',
};

/** Prints the state of every token. Sets exit code 3 if any token is unhealthy. @throws {Failure} */
export async function showStatus(options: ControlOptions): Promise<void> {
  const client = await clientFor(options);
  const statuses = await client.status();
  const healthy = statuses.every(isHealthy);
  if (!healthy) process.exitCode = exitCodes.noToken;
  if (options.output === 'json') {
    writeJson({ healthy, tokens: statuses.map(described) });
    return;
  }
  const { stdout } = process;
  stdout.write(`${tableLines(statusColumns(Date.now(), stdout), statuses, stdout).join('\n')}\n`);
}

/** Returns the columns of the table, the most important first. @param now milliseconds since the epoch */
export function statusColumns(now: number, stream: NodeJS.WriteStream): Column<TokenStatus>[] {
  return [
    { title: 'NAME', cell: ({ name }) => name },
    {
      title: 'STATE',
      cell: ({ state }) => state,
      paint: (cell, { state }) => styleText(COLOURS[state], cell, { stream }),
    },
    { title: 'AGE', cell: ({ fetchedAt }) => (fetchedAt === undefined ? '-' : span(now - fetchedAt)) },
    { title: 'EXPIRES IN', cell: ({ expiresAt }) => (expiresAt === undefined ? '-' : untilThen(expiresAt - now)) },
    { title: 'LAST ERROR', cell: (status) => problemsOf(status).join('; ') || '-', least: 20 },
  ];
}

/** Returns the problems of a token and its outputs, each as a clause without a subject. */
export function problemsOf({ lastError, outputs }: TokenStatus): string[] {
  const ofOutputs = outputs.flatMap(({ name, problem }) => (problem === undefined ? [] : [`${name}: ${problem}`]));
  // The last error may be that of an output.
  return [...new Set([...(lastError === undefined ? [] : [lastError]), ...ofOutputs])].map(printableMessage);
}

/** Converts a status to its JSON form, with RFC 3339 times. */
export function described(status: TokenStatus): object {
  const { name, type, state, fetchedAt, expiresAt, nextFetchAt, failures, fetches, lastError, outputs } = status;
  const time = (key: string, at: number | undefined) => at !== undefined && { [key]: rfc3339(at) };
  return {
    name,
    type,
    state,
    healthy: isHealthy(status),
    ...time('fetched_at', fetchedAt),
    ...time('expires_at', expiresAt),
    ...time('next_fetch_at', nextFetchAt),
    failures,
    fetches,
    ...(lastError !== undefined && { last_error: lastError }),
    outputs,
  };
}

function untilThen(milliseconds: number): string {
  return milliseconds <= 0 ? `${span(-milliseconds)} ago` : span(milliseconds);
}

/** Spans from this many hours on are shown in days and hours. */
const MOST_HOURS = 48;

/** Formats a span with its two largest units. */
function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1_000));
  const hours = Math.floor(seconds / 3_600);
  if (hours >= MOST_HOURS) return `${Math.floor(hours / 24)}d ${hours % 24}h`;
  return describeDuration(seconds).split(' ').slice(0, 2).join(' ');
}
