import { styleText } from 'node:util';
import { printable } from './printable.ts';

/** A column of a table. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  /** The minimum width to which cells may be cut, in characters; absent: cells are never cut. */
  least?: number;
  /** Aligns cells to the right, as for numbers. */
  right?: true;
  /** Colours a cell after layout. */
  paint?: (cell: string, row: Row) => string;
}

const GAP = '  ';

/**
 * Formats a table that fits into a terminal. Columns are cut to their minimum width first; then the last columns are
 * omitted.
 *
 * @param columns the columns, the most important first
 * @param stream the output stream; nothing is cut if it is not a terminal
 * @returns the lines, starting with the titles
 */
export function tableLines<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  stream: NodeJS.WriteStream,
): string[] {
  const cells = rows.map((row) => columns.map(({ cell }) => printable(cell(row))));
  const natural = columns.map(({ title }, at) =>
    Math.max(title.length, ...cells.map((line) => lengthOf(line[at] ?? ''))),
  );
  const widths = fittedWidths(columns, natural, widthOf(stream));
  const lineOf = (line: readonly string[], paint: (cell: string, column: Column<Row>) => string) =>
    widths
      .map((width, at) => {
        const column = columns[at];
        const text = cut(line[at] ?? '', width);
        const blank = ' '.repeat(width - lengthOf(text));
        if (column === undefined) return text;
        if (column.right) return paint(blank + text, column);
        return paint(at === widths.length - 1 ? text : text + blank, column);
      })
      .join(GAP)
      .trimEnd();
  const titles = lineOf(
    columns.map(({ title }) => title),
    (title) => styleText('dim', title, { stream }),
  );
  return [
    titles,
    ...rows.map((row, at) => lineOf(cells[at] ?? [], (cell, { paint = (same) => same }) => paint(cell, row))),
  ];
}

/** Cuts a line to the width of the terminal, if the stream is a terminal. */
export function fittedLine(line: string, stream: NodeJS.WriteStream): string {
  return cut(line, widthOf(stream));
}

// A terminal of unknown width has 0 columns, such as a serial line or the pseudo-terminal of a container.
function widthOf({ isTTY, columns }: NodeJS.WriteStream): number {
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

function fittedWidths(columns: readonly Column<never>[], natural: readonly number[], room: number): number[] {
  const least = columns.map(({ least = Number.POSITIVE_INFINITY }, at) => Math.min(least, natural[at] ?? 0));
  const total = (widths: readonly number[]) =>
    widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
  let shown = columns.length;
  while (shown > 1 && total(least.slice(0, shown)) > room) shown -= 1;
  const widths = least.slice(0, shown);
  let spare = room - total(widths);
  return widths.map((width, at) => {
    const more = Math.min(Math.max(0, spare), (natural[at] ?? 0) - width);
    spare -= more;
    return width + more;
  });
}

// Counts characters, not code units. Characters of other widths are rare in names and ARNs.
function lengthOf(text: string): number {
  return [...text].length;
}

function cut(text: string, width: number): string {
  return lengthOf(text) <= width ? text : `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}
