import { isDangerousVariable } from '../dangerous-variables.ts';
import { isOwnedByShell, isUsedByShell } from '../shell-variables.ts';
import { shown, Unwritable } from '../unwritable.ts';
import { type Variable, variablesOf } from '../variables.ts';
import type { Format } from './format.ts';

/** Characters with a meaning in an assignment of a shell, and line ends. */
const SYNTAX = /[ \t\r\n"'`\\$;&|<>()]/;

/** A tilde that a shell expands: the first character of a value, or after `:`, or in bash after `=`. */
const EXPANDED_TILDE = /(^|[:=])~/;

/**
 * Characters that the format cannot represent: control characters other than tab and line ends, for which older systemd
 * drops the variable, and Unicode noncharacters, for which it refuses the file (`env_value_is_valid` and
 * `unichar_is_valid` in its source).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNREADABLE = /[\0-\x08\x0b-\x0c\x0e-\x1f\x7f]|\r(?!\n)|\p{Noncharacter_Code_Point}/u;

/** A further line that a reader of single lines, such as docker, would take for a variable of its own. */
const ASSIGNMENT = /(?<=\n)[^\S\n]*([A-Za-z_]\w*)=/g;

/**
 * `NAME=value` lines with the same meaning for systemd's `EnvironmentFile=` and for `. file` in a POSIX shell.
 *
 * A value is bare if bash, dash, systemd and `docker run --env-file` read it unchanged. Any other value is in double
 * quotes, with a backslash before `"`, `\`, `$` and `` ` ``; docker would read the quotes as part of the value. A line end
 * stays a line end within the quotes. Single quotes are not used: older versions of systemd interpret backslashes in
 * them, shells do not. A value that cannot be a variable is left out, so that the others are renewed.
 *
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
 * https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_03
 * https://docs.docker.com/reference/cli/docker/container/run/#env
 */
export const env: Format = (token, tokenName, { variables }, leaveOut) => {
  const faults: string[] = [];
  const lines = variablesOf(token, tokenName, variables).flatMap((one) => {
    const variable = permittedVariable(one, variables !== undefined);
    const fault = faultOf(one.value);
    if (fault === undefined) return `${variable}=${quoted(one.value)}\n`;
    faults.push(`its value ${shown(one.name)} cannot be the variable ${variable}: ${fault}`);
    return [];
  });
  const [first] = faults;
  if (first !== undefined && (leaveOut === undefined || lines.length === 0)) throw new Unwritable(first);
  for (const fault of faults) leaveOut?.(fault);
  return lines.join('');
};

/** Returns the name of a variable. @param isMapped whether the configuration chose the name */
function permittedVariable({ variable, name }: Variable, isMapped: boolean): string {
  const isOwned = isOwnedByShell(variable);
  if (!isOwned && (isMapped || !isUsedByShell(variable))) return variable;
  const meaning = isOwned ? 'which shells evaluate or set themselves' : 'which shells use';
  throw new Unwritable(
    `its value ${shown(name)} would become the variable ${variable}, ${meaning}: give it another name in variables, ` +
      `such as APP_${variable.toUpperCase()}: ${name.length > 64 ? '…' : JSON.stringify(name)}`,
  );
}

/** Returns why a value cannot be a variable, as a clause, or undefined if it can. */
function faultOf(value: string): string | undefined {
  if (!value.isWellFormed()) return 'it is not valid Unicode text';
  if (UNREADABLE.test(value)) return 'it contains a control character or a Unicode noncharacter';
  const assigned = [...value.matchAll(ASSIGNMENT)].map(([, variable = '']) => variable);
  const isHostile = assigned.some((variable) => isDangerousVariable(variable) || isOwnedByShell(variable));
  return isHostile ? 'one of its lines assigns a variable such as LD_PRELOAD' : undefined;
}

function quoted(value: string): string {
  if (!SYNTAX.test(value) && !EXPANDED_TILDE.test(value)) return value;
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}
