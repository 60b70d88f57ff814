import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import { SourceFailure } from '../model/source.ts';
import { bearerOf } from '../model/token.ts';
import type { Tokens } from '../model/tokens.ts';
import type { SecretReference } from '../settings/secret-reference.ts';

const MOST_BYTES = 65_536;

/**
 * Returns a function that reads the secret a reference points to.
 *
 * @throws {SourceFailure} if the secret is missing, empty, too large, or readable by every user. The message names the location
 */
export function secretReader(
  env: NodeJS.ProcessEnv,
  tokens: Pick<Tokens, 'current'>,
): (reference: SecretReference) => Promise<string> {
  return async (reference) => {
    if ('file' in reference) return await secretOfFile(reference.file, env);
    if ('credential' in reference) return await secretOfCredential(reference.credential, env);
    if ('env' in reference) return secretOfVariable(reference.env, env);
    return 'token' in reference ? secretOfToken(reference, tokens) : reference.insecure_inline;
  };
}

/** @throws {SourceFailure} */
async function secretOfFile(path: string, env: NodeJS.ProcessEnv): Promise<string> {
  try {
    // systemd gives only the unit's user access to the credentials folder, whatever the modes of its files.
    const refusal = isCredential(path, env) ? undefined : openToOthers;
    // Editors append one newline. Further newlines may belong to the secret.
    const text = (await readBounded(path, MOST_BYTES, refusal)).replace(/\r?\n$/, '');
    if (text === '') throw new Unreadable('is empty');
    return text;
  } catch (error) {
    if (error instanceof Unreadable) throw new SourceFailure(`the secret's file ${path} ${error.message}`);
    throw error;
  }
}

/** Returns why a file is unsafe for a secret, if every user can read it or write to it. */
export function openToOthers({ mode }: Pick<Stats, 'mode'>): string | undefined {
  if ((mode & 0o004) !== 0) return 'is readable by every user: run chmod o-r on it';
  return (mode & 0o002) !== 0 ? 'is writable by every user: run chmod o-w on it' : undefined;
}

/** Reports whether a path is in systemd's credentials folder. */
export function isCredential(path: string, { CREDENTIALS_DIRECTORY }: NodeJS.ProcessEnv): boolean {
  return CREDENTIALS_DIRECTORY !== undefined && dirname(path) === resolve(CREDENTIALS_DIRECTORY);
}

async function secretOfCredential(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (!env.CREDENTIALS_DIRECTORY) {
    const help = `add LoadCredential=${name}:/path/of/the/secret to the unit`;
    throw new SourceFailure(
      `the systemd credential ${name} is missing, since $CREDENTIALS_DIRECTORY is not set: ${help}`,
    );
  }
  return await secretOfFile(join(resolve(env.CREDENTIALS_DIRECTORY), name), env);
}

function secretOfVariable(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (!value) throw new SourceFailure(`the environment variable ${name}, which should contain a secret, is not set`);
  return value;
}

function secretOfToken(
  { token: name, value }: { token: string; value?: string | undefined },
  tokens: Pick<Tokens, 'current'>,
): string {
  const token = tokens.current(name);
  if (token === undefined)
    throw new SourceFailure(`the token ${name}, which this token depends on, is not available yet`);
  const found = value === undefined ? bearerOf(token) : namedIn(token.values, value);
  if (found === '') throw new SourceFailure(`the value ${value} of the token ${name} is empty`);
  if (found !== undefined) return found;
  const names = namesOf(token.values);
  throw new SourceFailure(
    value === undefined
      ? `the token ${name} has several values: select one with value (it has ${names})`
      : `the token ${name} has no value ${value} (it has ${names})`,
  );
}

/** Lists the names of a token's values. The issuer chooses them, so names that could spoil a log are left out. */
function namesOf(values: Readonly<Record<string, string>>): string {
  const names = Object.keys(values);
  const shown = names.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, 10);
  return shown.length === names.length ? shown.join(', ') : [...shown, 'and others'].join(', ');
}

function namedIn(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
