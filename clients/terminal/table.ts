import { styleText } from 'node:util';
import { printable } from './printable.ts';

/** A column of a table. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  /** It may be cut to this many characters; absent: it is shown whole, or not at all. */
  least?: number;
  /** Its cells end below each other: numbers. */
  right?: true;
  /** Colours a cell that is laid out already. */
  paint?: (cell: string, row: Row) => string;
}

const GAP = '  ';

/**
 * A table that fits into a width: columns are cut as far as they may be, then left out from the last on.
 *
 * @param columns the most important first
 * @param stream where it will be written: as wide as that is, if it is a terminal; otherwise nothing is cut
 * @returns its lines, the titles first
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

/** A line cut to the width of a terminal, where it is written to one. */
export function fittedLine(line: string, stream: NodeJS.WriteStream): string {
  return cut(line, widthOf(stream));
}

// A terminal that nobody told how wide it is has 0 columns: a serial line, a pseudo-terminal of a container.
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

// Characters, not code units; what is wider or narrower than one column is rare in names and ARNs.
function lengthOf(text: string): number {
  return [...text].length;
}

function cut(text: string, width: number): string {
  return lengthOf(text) <= width ? text : `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}
