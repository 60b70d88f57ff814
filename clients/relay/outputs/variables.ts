import { bearerOf, isOfAws, type Token } from '../model/token.ts';
import { isDangerousVariable } from './dangerous-variables.ts';
import { shown, Unwritable } from './unwritable.ts';

/** A value of a token and the environment variable that holds it. */
export interface Variable {
  variable: string;
  /** What the token calls the value. */
  name: string;
  value: string;
}

/**
 * The environment variables that hold a token: those of the mapping (variable to value's name) and no other; without
 * one, each value under its own name in capitals, a bearer token under the token's name, any other character as `_`.
 * Credentials of AWS have the names that its SDKs read: `AWS_ACCESS_KEY_ID` and so on.
 *
 * @throws {Unwritable} when the mapping names a value that is not there, when two values would get one variable, and
 *   for a name by which programs are subverted, unless it is mapped
 */
export function variablesOf(
  token: Token,
  tokenName: string,
  mapping: Readonly<Record<string, string>> | undefined,
): Variable[] {
  return mapping === undefined ? derived(token, tokenName) : mapped(token, mapping);
}

function mapped({ values }: Token, mapping: Readonly<Record<string, string>>): Variable[] {
  return Object.entries(mapping).map(([variable, name]) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Unwritable(`it has no value ${shown(name)}, which ${variable} is to hold`);
    return { variable, name, value };
  });
}

function derived(token: Token, tokenName: string): Variable[] {
  const bearer = bearerOf(token);
  if (bearer !== undefined) return [{ variable: lawful(tokenName), name: 'token', value: bearer }];
  const taken = new Map<string, string>();
  const prefix = isOfAws(token) ? 'aws_' : '';
  return Object.entries(token.values).map(([name, value]) => {
    const variable = lawful(prefix + name);
    const other = taken.get(variable);
    if (other !== undefined) {
      throw new Unwritable(
        `its values ${shown(other)} and ${shown(name)} both become ${variable}: name them in variables`,
      );
    }
    taken.set(variable, name);
    return { variable, name, value };
  });
}

function lawful(name: string): string {
  const variable = name
    .toUpperCase()
    .replace(/[^A-Z0-9_]/g, '_')
    .replace(/^(?=\d|$)/, '_');
  if (isDangerousVariable(variable)) {
    throw new Unwritable(
      `${shown(name)} would become ${variable}, which changes how programs run: name it in variables`,
    );
  }
  return variable;
}
