/**
 * Reads a file as systemd reads `EnvironmentFile=`, by the words of systemd.exec(5): bare text up to the line's end, or
 * text in double quotes, in which a backslash goes before `"`, `\`, `` ` `` and `$`. Nothing else is written here.
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
