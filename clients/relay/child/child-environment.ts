import { Failure } from '@tvm/terminal/failure.ts';
import type { Configuration, TokenSettings } from '../config/configuration.ts';
import { exitCodes } from '../failure.ts';
import type { Tokens } from '../model/tokens.ts';
import { Unwritable } from '../outputs/unwritable.ts';
import { variablesOf } from '../outputs/variables.ts';
import { ownVariables } from './own-variables.ts';

/** The variables of a child that contain tokens, by name. */
export type TokenVariables = Readonly<Record<string, string>>;

/**
 * Returns tokens as environment variables. The names are those of the token's output of format `env`, or else the
 * default names of that format.
 *
 * @param names the names of the tokens
 * @returns undefined if one of the tokens is not available
 * @throws {Failure} if two values have the same variable, or a value cannot be a variable
 */
export function tokenVariables(
  names: readonly string[],
  { tokens: settings }: Configuration,
  tokens: Pick<Tokens, 'current'>,
): TokenVariables | undefined {
  const held = new Map<string, { value: string; token: string }>();
  for (const name of names) {
    const token = tokens.current(name);
    if (token === undefined) return undefined;
    const mapping = mappingOf(settings.find((one) => one.name === name));
    for (const { variable, value } of asVariables(name, () => variablesOf(token, name, mapping))) {
      const other = held.get(variable);
      if (other !== undefined) {
        throw environmentFailure(
          `tokens ${other.token} and ${name} would both be ${variable}: set variables in an output of format env`,
        );
      }
      if (value.includes('\0'))
        throw environmentFailure(`token ${name} cannot be added to the environment: ${variable} contains a NUL`);
      held.set(variable, { value, token: name });
    }
  }
  return Object.fromEntries([...held].map(([variable, { value }]) => [variable, value]));
}

/** Returns the environment of a child: the agent's environment, without its own variables, and with the tokens. */
export function childEnvironment(
  env: NodeJS.ProcessEnv,
  configuration: Configuration,
  variables: TokenVariables,
): NodeJS.ProcessEnv {
  const isOwn = ownVariables(configuration, env);
  const inherited = Object.entries(env).filter(([variable]) => !isOwn(variable));
  return { ...Object.fromEntries(inherited), ...variables };
}

function mappingOf(settings: TokenSettings | undefined): Record<string, string> | undefined {
  return [settings?.output ?? []].flat().find(({ format, variables }) => format === 'env' && variables)?.variables;
}

function asVariables<T>(name: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Unwritable)
      throw environmentFailure(`token ${name} cannot be added to the environment: ${error.message}`);
    throw error;
  }
}

function environmentFailure(sentence: string): Failure {
  return new Failure(sentence, { code: 'environment', exitCode: exitCodes.usage });
}
