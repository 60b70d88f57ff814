import { styleText } from 'node:util';
import { printable } from './printable.ts';

/** The output format of results and failures. */
export type OutputFormat = 'text' | 'json';

type Stream = NodeJS.WriteStream;

/** Writes a result as JSON to standard output. */
export function writeJson(result: unknown, stream: Stream = process.stdout): void {
  stream.write(`${JSON.stringify(result, null, 2)}\n`);
}

/** Writes aligned names and values. The further lines of a value are aligned with its first line. */
export function writeTable(rows: Record<string, string | string[]>, stream: Stream): void {
  const width = Math.max(...Object.keys(rows).map((name) => name.length));
  for (const [name, value] of Object.entries(rows)) {
    for (const [index, line] of [value].flat().entries()) {
      // `styleText` adds no colours if the stream is not a terminal or NO_COLOR is set.
      const label = styleText('dim', (index === 0 ? name : '').padEnd(width), { stream });
      stream.write(`${label}  ${printable(line)}\n`);
    }
  }
}

/** Formats a time, such as `2026-11-22T16:50:12Z`. */
export function describeTime(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString().replace('.000Z', 'Z');
}

/** Formats a duration, such as `1h 30m`. */
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
