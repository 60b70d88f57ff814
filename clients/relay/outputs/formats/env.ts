import { shown, Unwritable } from '../unwritable.ts';
import { variablesOf } from '../variables.ts';
import type { Format } from './format.ts';

/** Characters that need no quoting for any reader. Excludes `~`, which a shell expands after `=` and `:`. */
const PLAIN = /^[\w./:=@%+,-]+$/;

/**
 * Characters that the format cannot represent: control characters other than tab, for which systemd drops the variable,
 * and Unicode noncharacters, for which it refuses the file (`env_value_is_valid` and `unichar_is_valid` in its source).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNREADABLE = /[\0-\x08\x0a-\x1f\x7f]|\p{Noncharacter_Code_Point}/u;

/**
 * `NAME=value` lines with the same meaning for systemd's `EnvironmentFile=` and for `. file` in a POSIX shell.
 *
 * A value of letters, digits and `_ . / : = @ % + , -` is not quoted, so that `docker run --env-file` can read it too.
 * Any other value is in double quotes, with a backslash before `"`, `\`, `$` and `` ` ``; docker would read the quotes
 * as part of the value. Single quotes are not used: older versions of systemd interpret backslashes in them, shells do
 * not.
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
      `its value ${shown(name)} contains a newline or another character that the format env does not allow`,
    );
  }
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}
