import { shown, Unwritable } from '../unwritable.ts';
import { variablesOf } from '../variables.ts';
import type { Format } from './format.ts';

/** Characters that every reader takes as they are. No `~`: a shell replaces it after `=` and `:`. */
const PLAIN = /^[\w./:=@%+,-]+$/;

/**
 * What no variable holds: control characters but the tab, of which systemd drops the variable, and the noncharacters of
 * Unicode, for which it refuses the whole file (`env_value_is_valid` and `unichar_is_valid` in its source).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNREADABLE = /[\0-\x08\x0a-\x1f\x7f]|\p{Noncharacter_Code_Point}/u;

/**
 * `NAME=value` lines that systemd's `EnvironmentFile=` and `. file` of a POSIX shell read alike.
 *
 * A value of letters, digits and `_ . / : = @ % + , -` stands bare, and so `docker run --env-file` reads it too. Any
 * other stands in double quotes, with a backslash before `"`, `\`, `$` and `` ` ``: docker would take the quotes for a
 * part of the value. Not in single quotes: older versions of systemd heed backslashes within them, shells do not.
 *
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_03
 * https://docs.docker.com/reference/cli/docker/container/run/#env
 */
export const env: Format = (token, tokenName, { variables }) =>
  variablesOf(token, tokenName, variables)
    .map(({ variable, name, value }) => `${variable}=${quoted(value, name)}\n`)
    .join('');

function quoted(value: string, name: string): string {
  if (PLAIN.test(value)) return value;
  if (UNREADABLE.test(value)) {
    throw new Unwritable(
      `its value ${shown(name)} has a line end or another character that the format env cannot hold`,
    );
  }
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}
