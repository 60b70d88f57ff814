import { bearerOf, isOfAws, type Token } from '../model/token.ts';
import { isDangerousVariable } from './dangerous-variables.ts';
import { shown, Unwritable } from './unwritable.ts';

/** A value of a token, and its environment variable. */
export interface Variable {
  variable: string;
  /** The name of the value in the token. */
  name: string;
  value: string;
}

/**
 * Returns the environment variables of a token. With a mapping of variables to values, returns only the mapped ones.
 * Without a mapping, each value has its own name in capitals, and a bearer token has the token's name; other characters
 * become `_`. AWS credentials have the names that the SDKs read, such as `AWS_ACCESS_KEY_ID`.
 *
 * @throws {Unwritable} if a mapped value does not exist, if two values have the same variable, or if a dangerous
 * variable   is not mapped explicitly
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
    if (value === undefined) throw new Unwritable(`it has no value ${shown(name)} for ${variable}`);
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
        `its values ${shown(other)} and ${shown(name)} both become ${variable}: list them in variables`,
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
      `${shown(name)} would become ${variable}, which changes how programs run: list it in variables`,
    );
  }
  return variable;
}
