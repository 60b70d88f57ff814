/**
 * Parses a file like systemd's `EnvironmentFile=` (systemd.exec(5)): unquoted text up to the end of the line, or text
 * in double quotes, with a backslash before `"`, `\`, `` ` `` and `$`. The tested format uses nothing else.
 */
export function readAsSystemd(text: string): Record<string, string> {
  const read: Record<string, string> = {};
  for (const line of text.split('\n').slice(0, -1)) {
    const [, name = '', written = ''] = /^([A-Za-z_]\w*)=(.*)$/su.exec(line) ?? [];
    if (!name) throw new Error('a line that is no assignment');
    read[name] = unquoted(written);
  }
  return read;
}

function unquoted(written: string): string {
  if (!written.startsWith('"')) {
    if (/["'\\\s]/u.test(written)) throw new Error('a bare value that systemd would change');
    return written;
  }
  const inner = /^"((?:[^"\\]|\\["\\`$])*)"$/u.exec(written)?.[1];
  if (inner === undefined) throw new Error('a quoted value that systemd would change');
  return inner.replace(/\\(.)/gu, '$1');
}
