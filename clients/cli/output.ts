import { styleText } from 'node:util';
import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { Obligations } from '@tvm/contract/token.ts';
import { exitCodes, type Failure } from './failure.ts';
import { printable, printableMessage } from './printable.ts';

/** How results and failures are written: for a person, or as JSON. */
export type OutputFormat = 'text' | 'json';

type Stream = NodeJS.WriteStream;

/** Writes a result as JSON to standard output. */
export function writeJson(result: unknown, stream: Stream = process.stdout): void {
  stream.write(`${JSON.stringify(result, null, 2)}\n`);
}

/** Writes aligned names and values. A value of several lines goes on below itself. */
export function writeTable(rows: Record<string, string | string[]>, stream: Stream): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) {
    for (const [index, line] of [value].flat().entries()) {
      // `styleText` leaves the colours out when the stream is no terminal or NO_COLOR is set.
      const label = styleText('dim', (index === 0 ? name : '').padEnd(width), { stream });
      stream.write(`${label}  ${printable(line)}\n`);
    }
  }
}

/** Grants for a person, one a line, such as `read orders-db/orders (fields id, status)`. */
export function describeGrants(details: readonly AuthorizationDetail[]): string[] {
  return details.flatMap(({ actions, locations, fields }) =>
    locations.map((location) => {
      const only = fields === undefined ? '' : ` (fields ${fields.join(', ')})`;
      return `${actions.join(', ')} ${location}${only}`;
    }),
  );
}

/** Obligations for a person, one a line, such as `only from office`. */
export function describeObligations({ networks = [], windows = [], single_use }: Obligations): string[] {
  return [
    ...networks.map((name) => `only from ${name}`),
    ...windows.map((name) => `only during ${name}`),
    ...(single_use ? ['once'] : []),
  ];
}

/** A moment for a person, such as `2026-11-22T16:50:12Z`. */
export function describeTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** A span of time for a person, as options take it: `1h 30m`. */
export function describeDuration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return (
    parts
      .filter(([count]) => count > 0)
      .map(([count, unit]) => `${count}${unit}`)
      .join(' ') || '0s'
  );
}

/** Writes a failure to standard error: a sentence, or with `--output json` an error as the machine writes them. */
export function writeFailure({ message, details }: Failure, format: OutputFormat): void {
  const { code, option, requestId } = details;
  const sentence = printableMessage(message);
  if (format === 'json') {
    const error = { error: code, error_description: sentence, option, request_id: requestId };
    writeJson(error, process.stderr);
    return;
  }
  const start = details.exitCode === exitCodes.denied ? 'refused: ' : '';
  const id = requestId && ` (${code}, request ${printable(requestId)})`;
  const end = id ? styleText('dim', id, { stream: process.stderr }) : '';
  process.stderr.write(`${styleText('red', 'tvm:', { stream: process.stderr })} ${start}${sentence}${end}\n`);
}
