// Control and format characters could forge lines, reorder text or drive a terminal.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The longest message; names in files may be of any length. */
const MAX_LENGTH = 500;

/** Text that holds names from files, made fit to stand on one line. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').replace(INVISIBLE, '');
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
}
