import { type Fault, isMapping, type Place, valueAt } from '@tvm/core/settings/fault.ts';
import { configurationSchema } from './configuration.ts';
import { listAt, textAt, tokenNames } from './parts.ts';
import { type SecretPlace, secretPlaces } from './secret-places.ts';

/** A token that uses another token as one of its secrets. */
interface Dependency {
  name: string;
  on: string;
  place: Place;
}

/** Returns, for each token's name, the names of the tokens that must be fetched before it. */
export function dependencies(value: unknown): Map<string, string[]> {
  const found = dependenciesIn(value, secretPlaces(configurationSchema(), value));
  return new Map(
    tokenNames(value).map(({ name }) => [name, found.filter((one) => one.name === name).map(({ on }) => on)]),
  );
}

/** Checks that every reference to a token names a token in the file, and that no token depends on itself. */
export function checkDependencies(value: unknown): Fault[] {
  const names = new Set(tokenNames(value).map(({ name }) => name));
  const secrets = secretPlaces(configurationSchema(), value);
  const unknown = namings(value, secrets).filter(({ name }) => !names.has(name));
  return [
    ...unknown.map(({ place }) => ({ place, problem: 'is not the name of a token in this file' })),
    ...cycles(dependenciesIn(value, secrets)),
  ];
}

function dependenciesIn(value: unknown, secrets: readonly SecretPlace[]): Dependency[] {
  return secrets.flatMap(({ place, reference }) => {
    const name = place[0] === 'tokens' ? textAt(value, [...place.slice(0, 2), 'name']) : undefined;
    return name !== undefined && 'token' in reference
      ? [{ name, on: reference.token, place: [...place, 'token'] }]
      : [];
  });
}

/** Returns every reference to a token by name, with its path. */
function namings(value: unknown, secrets: readonly SecretPlace[]): { name: string; place: Place }[] {
  const bySecrets = secrets.flatMap(({ place, reference }) =>
    'token' in reference ? [{ name: reference.token, place: [...place, 'token'] }] : [],
  );
  const given = listAt(value, ['endpoints']).flatMap(({ place }) => {
    const single = ['resources', 'identity_tokens'].flatMap((key) => {
      const names = valueAt(value, [...place, key]);
      return isMapping(names) ? Object.keys(names).map((name) => [key, name]) : [];
    });
    return [
      ...[['token'], ...single].flatMap((inner) => namedAt(value, [...place, ...inner])),
      ...namedIn(value, [...place, 'tokens']),
    ];
  });
  return [...bySecrets, ...given, ...namedIn(value, ['exec', 'environment'])];
}

function namedIn(value: unknown, list: Place) {
  return listAt(value, list).flatMap(({ place }) => namedAt(value, place));
}

function namedAt(value: unknown, place: Place) {
  const name = textAt(value, place);
  return name === undefined ? [] : [{ name, place }];
}

function cycles(all: readonly Dependency[]): Fault[] {
  return all
    .filter(({ name, on }) => reaches(all, on, name))
    .map(({ name, on, place }) => ({
      place,
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
