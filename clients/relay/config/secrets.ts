import type { Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { readBounded, Unreadable } from '../files/read-bounded.ts';
import { SourceFailure } from '../model/source.ts';
import { bearerOf } from '../model/token.ts';
import type { Tokens } from '../model/tokens.ts';
import type { SecretReference } from '../settings/secret-reference.ts';

const MOST_BYTES = 65_536;

/**
 * Reads secrets where the configuration says they are.
 *
 * @throws {SourceFailure} naming the place, when there is none, it is empty, too large, or everybody may read it
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
    // systemd lets the unit's user alone into that folder, whatever the modes in it.
    const refusal = isCredential(path, env) ? undefined : openToOthers;
    // One line end is the editor's; more may belong to the secret.
    const text = (await readBounded(path, MOST_BYTES, refusal)).replace(/\r?\n$/, '');
    if (text === '') throw new Unreadable('is empty');
    return text;
  } catch (error) {
    if (error instanceof Unreadable) throw new SourceFailure(`the secret's file ${path} ${error.message}`);
    throw error;
  }
}

/** Why a file is no place for a secret: others have it, or can put another in its place. */
export function openToOthers({ mode }: Pick<Stats, 'mode'>): string | undefined {
  if ((mode & 0o004) !== 0) return 'may be read by everybody: take that away with chmod o-r';
  return (mode & 0o002) !== 0 ? 'may be written by everybody: take that away with chmod o-w' : undefined;
}

/** Whether a path leads into systemd's folder of credentials. */
export function isCredential(path: string, { CREDENTIALS_DIRECTORY }: NodeJS.ProcessEnv): boolean {
  return CREDENTIALS_DIRECTORY !== undefined && dirname(path) === resolve(CREDENTIALS_DIRECTORY);
}

async function secretOfCredential(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  if (!env.CREDENTIALS_DIRECTORY) {
    const help = `the unit must have LoadCredential=${name}:/path/of/the/secret`;
    throw new SourceFailure(
      `the systemd credential ${name} is not there, as $CREDENTIALS_DIRECTORY is not set: ${help}`,
    );
  }
  return await secretOfFile(join(resolve(env.CREDENTIALS_DIRECTORY), name), env);
}

function secretOfVariable(name: string, env: NodeJS.ProcessEnv): string {
  const value = env[name];
  if (!value) throw new SourceFailure(`the environment variable ${name}, which should hold a secret, is not set`);
  return value;
}

function secretOfToken(
  { token: name, value }: { token: string; value?: string | undefined },
  tokens: Pick<Tokens, 'current'>,
): string {
  const token = tokens.current(name);
  if (token === undefined) throw new SourceFailure(`the token ${name}, which is needed first, is not there yet`);
  const found = value === undefined ? bearerOf(token) : namedIn(token.values, value);
  if (found !== undefined) return found;
  const names = namesOf(token.values);
  throw new SourceFailure(
    value === undefined
      ? `the token ${name} has several values: say which one with value (it has ${names})`
      : `the token ${name} has no value ${value} (it has ${names})`,
  );
}

/** Who issues the token names its values: what could break a line, or fill a log, is not repeated. */
function namesOf(values: Readonly<Record<string, string>>): string {
  const names = Object.keys(values);
  const shown = names.filter((name) => /^[\w.-]{1,64}$/.test(name)).slice(0, 10);
  return shown.length === names.length ? shown.join(', ') : [...shown, 'and others'].join(', ');
}

function namedIn(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined;
}
