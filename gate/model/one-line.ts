// Control and format characters could forge lines, reorder text or drive a terminal.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Maximum length of a message. Names in files may be of any length. */
const MAX_LENGTH = 500;

/** Returns a text on one line, without invisible characters. A very long text is truncated. */
export function visible(text: string): string {
  return text
    .slice(0, 10 * MAX_LENGTH)
    .replace(/\s+/g, ' ')
    .replace(INVISIBLE, '');
}

/** Returns a text that contains names from files as one line of limited length. */
export function oneLine(text: string): string {
  const line = visible(text);
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}

/** The beginning of commands that the runners of GitHub and Azure accept anywhere in a line of the log. */
const COMMAND = /##(?=(?:vso)?\[)/g;

/** Escapes text that a CI runner would execute as a command. */
export function withoutCommands(text: string): string {
  return text.replace(COMMAND, '# #');
}
