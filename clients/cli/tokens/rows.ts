import { styleText } from 'node:util';
import type { ListedToken, TokenState } from '@tvm/contract/token-list.ts';
import type { Column } from '@tvm/terminal/table.ts';
import { describeGrants } from '../connection/describe-grants.ts';

const COLOURS: Record<TokenState, Parameters<typeof styleText>[0]> = {
  active: 'green',
  expired: 'dim',
  revoked: 'red',
  failed: 'yellow',
  denied: 'yellow',
};

/** Colours a text by token state, if the stream is a terminal. */
export function paintState(text: string, state: TokenState, stream: NodeJS.WriteStream): string {
  return styleText(COLOURS[state], text, { stream });
}

/**
 * Returns the columns of a list of tokens, the most important first.
 *
 * @param now milliseconds since the epoch
 */
export function tokenColumns(now: number, stream: NodeJS.WriteStream): Column<ListedToken>[] {
  return [
    { title: 'TOKEN ID', cell: ({ token_id }) => token_id },
    { title: 'STATE', cell: ({ state }) => state, paint: (cell, { state }) => paintState(cell, state, stream) },
    // The columns up to here fit into 80 characters.
    { title: 'PERMISSIONS', cell: (token) => describeGrants(token.authorization_details).join('; '), least: 20 },
    { title: 'ENDS', cell: (token) => describeEnd(token, now) },
    { title: 'SUBJECT', cell: ({ subject }) => shortSubject(subject), least: 20 },
    { title: 'TYPE', cell: ({ type }) => type },
    { title: 'AUDIENCE', cell: ({ audience }) => audience, least: 9 },
    { title: 'ISSUED', cell: ({ issued_at }) => relative(issued_at, now) },
    { title: 'SIZE', cell: ({ size }) => (size === undefined ? '-' : `${size} B`) },
    { title: 'USAGE', cell: ({ usage }) => usage, least: 20 },
    { title: 'ISSUER', cell: ({ issuer }) => issuer, least: 20 },
  ];
}

/** Shortens an ARN to `role/orders-service (111122223333)`, which starts with the part that differs between workloads. */
export function shortSubject(subject: string): string {
  const [, account, name] = /^arn:[\w-]+:iam::(\d{12}):(.+)$/.exec(subject) ?? [];
  return name === undefined ? subject : `${name} (${account})`;
}

/** Describes when a token expires or was revoked, such as `in 12m` or `3m ago`; `-` if no token was issued. */
function describeEnd({ state, expires_at, revoked_at }: ListedToken, now: number): string {
  const end = revoked_at ?? expires_at;
  return end === undefined || state === 'failed' ? '-' : relative(end, now);
}

/** Describes an ISO 8601 time relative to now, such as `in 12m` or `3m ago`. */
export function relative(time: string, now: number): string {
  const seconds = Math.round((Date.parse(time) - now) / 1000);
  const span = Math.abs(seconds);
  const units = [
    [86_400, 'd'],
    [3_600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const;
  const [size, unit] = units.find(([size]) => span >= size) ?? [1, 's'];
  const rounded = `${Math.floor(span / size)}${unit}`;
  return seconds > 0 ? `in ${rounded}` : `${rounded} ago`;
}
