// Control and format characters could forge lines, reorder text or drive a terminal.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The longest message; names in files may be of any length. */
const MAX_LENGTH = 500;

/** Text without what cannot be seen, on one line; of a very long one, the beginning. */
export function visible(text: string): string {
  return text
    .slice(0, 10 * MAX_LENGTH)
    .replace(/\s+/g, ' ')
    .replace(INVISIBLE, '');
}

/** Text that holds names from files, made fit to stand on one line. */
export function oneLine(text: string): string {
  const line = visible(text);
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}

/** What the runners of GitHub and Azure take for a command anywhere in a line of the log. */
const COMMAND = /##(?=(?:vso)?\[)/g;

/** Breaks what would be a command to the runner that shows a log. */
export function withoutCommands(text: string): string {
  return text.replace(COMMAND, '# #');
}
