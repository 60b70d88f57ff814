/**
 * Parses a file like systemd's `EnvironmentFile=` (systemd.exec(5)): unquoted text up to the end of the line, or text
 * in double quotes, which may have line ends, with a backslash before `"`, `\`, `` ` `` and `$`. The tested format uses nothing else.
 */
export function readAsSystemd(text: string): Record<string, string> {
  const read: Record<string, string> = {};
  let rest = text;
  while (rest !== '') {
    const [line = '', name = '', written = ''] =
      /^([A-Za-z_]\w*)=("(?:[^"\\]|\\["\\`$])*"|[^"\n]*)\n/u.exec(rest) ?? [];
    if (!name) throw new Error('a line that is no assignment, or a value that systemd would change');
    read[name] = unquoted(written);
    rest = rest.slice(line.length);
  }
  return read;
}

function unquoted(written: string): string {
  if (written.startsWith('"')) return written.slice(1, -1).replace(/\\(.)/gsu, '$1');
  if (/["'\\ \t\r\n]/u.test(written)) throw new Error('a bare value that systemd would change');
  return written;
}
