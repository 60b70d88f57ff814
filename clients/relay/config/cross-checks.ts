import { type Fault, isMapping, valueAt, written } from '@tvm/core/settings/fault.ts';
import { visitSettings } from '@tvm/core/settings/visit-settings.ts';
import { configurationSchema } from './configuration.ts';
import { checkDependencies } from './dependencies.ts';
import { checkFormats } from './format-checks.ts';
import { listAt, tokenNames } from './parts.ts';
import { checkPaths } from './path-checks.ts';
import { secretNames } from './secret-places.ts';
import { checkValues } from './value-checks.ts';

/**
 * What no schema of one part can see. It looks at the file as it is, so that it finds its faults also where the schema
 * finds others.
 *
 * @param file the configuration's own path
 */
export function crossChecks(value: unknown, file: string): Fault[] {
  return [
    ...checkNames(value),
    ...checkSpellings(value),
    ...checkDependencies(value),
    ...checkFormats(value),
    ...checkValues(value),
    ...checkPaths(value, file),
    ...checkChild(value),
    ...checkCache(value),
  ];
}

function checkNames(value: unknown): Fault[] {
  const first = new Map<string, string>();
  const faults: Fault[] = [];
  for (const { name, place } of tokenNames(value)) {
    const other = first.get(name);
    if (other === undefined) first.set(name, written(place));
    else faults.push({ place, problem: `is the name of ${other} already` });
  }
  return faults;
}

/** NAME and NAME_path say the same thing: with both, nobody knows which is meant. */
function checkSpellings(value: unknown): Fault[] {
  const faults = new Map<string, Fault>();
  visitSettings(configurationSchema(), value, (visited) => {
    for (const name of secretNames(visited)) {
      if (![name, `${name}_path`].every((key) => valueAt(visited.value, [key]) !== undefined)) continue;
      const place = [...visited.place, name];
      faults.set(written(place), { place, problem: `and ${name}_path both say where the secret is; leave one out` });
    }
  });
  return [...faults.values()];
}

/** A running process keeps the environment that it was started with. */
function checkChild(value: unknown): Fault[] {
  const place = ['exec', 'environment'];
  if (!isMapping(valueAt(value, ['exec', 'on_renewal'])) || listAt(value, place).length === 0) return [];
  const problem = 'must be [] when on_renewal is a signal: a signal cannot change the environment of a running process';
  return [{ place, problem }];
}

/** It is never written without a key, and read before there is any token. */
function checkCache(value: unknown): Fault[] {
  if (!isMapping(valueAt(value, ['cache']))) return [];
  const [key, path, token] = [['key'], ['key_path'], ['key', 'token']].map((at) => valueAt(value, ['cache', ...at]));
  if (token !== undefined) {
    return [
      { place: ['cache', 'key', 'token'], problem: 'cannot be the key: the cache is read before there is a token' },
    ];
  }
  if (key !== undefined || path !== undefined) return [];
  const problem = 'is missing: a file with the key, as `head -c 32 /dev/urandom | base64` makes one';
  return [{ place: ['cache', 'key_path'], problem }];
}
