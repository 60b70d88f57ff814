const WIDTH = 100;

/** A section of the bench's output: a title, rows in columns, and a note about the measurement. */
export interface Section {
  title: string;
  header: string[];
  rows: string[][];
  note: string;
}

/** Formats sections as text of at most 100 columns. The first column is left-aligned, the others right-aligned. */
export function table(sections: readonly Section[]): string {
  return sections.map(section).join('\n');
}

function section({ title, header, rows, note }: Section): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  return [title, '', ...[line(header), rule, ...rows.map(line)].map((text) => `  ${text}`), '', wrapped(note), ''].join(
    '\n',
  );
}

function wrapped(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (`${last} ${word}`.length + 1 > WIDTH) lines.push(` ${word}`);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => ` ${line}`).join('\n');
}
