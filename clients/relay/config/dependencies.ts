import { type Fault, isMapping, type Path, valueAt } from '@tvm/core/settings/fault.ts';
import { configurationSchema } from './configuration.ts';
import { type LocatedSecret, locatedSecrets } from './located-secrets.ts';
import { listAt, textAt, tokenNames } from './parts.ts';

/** A token that uses another token as one of its secrets. */
interface Dependency {
  name: string;
  on: string;
  path: Path;
}

/** Returns, for each token's name, the names of the tokens that must be fetched before it. */
export function dependencies(value: unknown): Map<string, string[]> {
  const found = dependenciesIn(value, locatedSecrets(configurationSchema(), value));
  return new Map(
    tokenNames(value).map(({ name }) => [name, found.filter((one) => one.name === name).map(({ on }) => on)]),
  );
}

/** Checks that every reference to a token names a token in the file, and that no token depends on itself. */
export function checkDependencies(value: unknown): Fault[] {
  const names = new Set(tokenNames(value).map(({ name }) => name));
  const secrets = locatedSecrets(configurationSchema(), value);
  const unknown = namings(value, secrets).filter(({ name }) => !names.has(name));
  return [
    ...unknown.map(({ path }) => ({ path, problem: 'is not the name of a token in this file' })),
    ...cycles(dependenciesIn(value, secrets)),
  ];
}

function dependenciesIn(value: unknown, secrets: readonly LocatedSecret[]): Dependency[] {
  return secrets.flatMap(({ path, reference }) => {
    const name = path[0] === 'tokens' ? textAt(value, [...path.slice(0, 2), 'name']) : undefined;
    return name !== undefined && 'token' in reference ? [{ name, on: reference.token, path: [...path, 'token'] }] : [];
  });
}

/** Returns every reference to a token by name, with its path. */
function namings(value: unknown, secrets: readonly LocatedSecret[]): { name: string; path: Path }[] {
  const bySecrets = secrets.flatMap(({ path, reference }) =>
    'token' in reference ? [{ name: reference.token, path: [...path, 'token'] }] : [],
  );
  const given = listAt(value, ['endpoints']).flatMap(({ path }) => {
    const single = ['resources', 'identity_tokens'].flatMap((key) => {
      const names = valueAt(value, [...path, key]);
      return isMapping(names) ? Object.keys(names).map((name) => [key, name]) : [];
    });
    return [
      ...[['token'], ...single].flatMap((inner) => namedAt(value, [...path, ...inner])),
      ...namedIn(value, [...path, 'tokens']),
    ];
  });
  return [...bySecrets, ...given, ...namedIn(value, ['exec', 'environment'])];
}

function namedIn(value: unknown, list: Path) {
  return listAt(value, list).flatMap(({ path }) => namedAt(value, path));
}

function namedAt(value: unknown, path: Path) {
  const name = textAt(value, path);
  return name === undefined ? [] : [{ name, path }];
}

function cycles(all: readonly Dependency[]): Fault[] {
  return all
    .filter(({ name, on }) => reaches(all, on, name))
    .map(({ name, on, path }) => ({
      path,
      problem: name === on ? 'is the token itself' : 'depends on this token in turn: neither can be fetched first',
    }));
}

function reaches(all: readonly Dependency[], from: string, to: string): boolean {
  const seen = new Set<string>();
  const ahead = [from];
  for (let at = ahead.pop(); at !== undefined; at = ahead.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const { name, on } of all) if (name === at) ahead.push(on);
  }
  return false;
}
