import { type Fault, isMapping, valueAt, written } from '@tvm/core/settings/fault.ts';
import { visitSettings } from '@tvm/core/settings/visit-settings.ts';
import { configurationSchema } from './configuration.ts';
import { checkDependencies } from './dependencies.ts';
import { checkFormats } from './format-checks.ts';
import { secretNames } from './located-secrets.ts';
import { listAt, tokenNames } from './parts.ts';
import { checkPaths } from './path-checks.ts';
import { checkValues } from './value-checks.ts';

/**
 * Checks rules across several parts of the configuration, which the schema of one part cannot express. Works on the raw
 * file, so it reports its errors together with those of the schema.
 *
 * @param file the path of the configuration
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
    ...checkProxies(value),
  ];
}

function checkNames(value: unknown): Fault[] {
  const first = new Map<string, string>();
  const faults: Fault[] = [];
  for (const { name, path } of tokenNames(value)) {
    const other = first.get(name);
    if (other === undefined) first.set(name, written(path));
    else faults.push({ path, problem: `is already the name of ${other}` });
  }
  return faults;
}

/** Reports secrets that are given as both NAME and NAME_path, since it is unclear which is meant. */
function checkSpellings(value: unknown): Fault[] {
  const faults = new Map<string, Fault>();
  visitSettings(configurationSchema(), value, (visited) => {
    for (const name of secretNames(visited)) {
      if (![name, `${name}_path`].every((key) => valueAt(visited.value, [key]) !== undefined)) continue;
      const path = [...visited.path, name];
      faults.set(written(path), { path, problem: `and ${name}_path must not both be given; remove one of them` });
    }
  });
  return [...faults.values()];
}

/** Reports tokens in the environment of a child that is only signalled: its environment cannot change. */
function checkChild(value: unknown): Fault[] {
  const path = ['exec', 'environment'];
  if (!isMapping(valueAt(value, ['exec', 'on_renewal'])) || listAt(value, path).length === 0) return [];
  const problem = 'must be [] when on_renewal is a signal: a signal cannot change the environment of a running process';
  return [{ path, problem }];
}

/** Requires a key for the cache. The key must not be a token, since the cache is read before any token is fetched. */
function checkCache(value: unknown): Fault[] {
  if (!isMapping(valueAt(value, ['cache']))) return [];
  const [key, path, token] = [['key'], ['key_path'], ['key', 'token']].map((at) => valueAt(value, ['cache', ...at]));
  if (token !== undefined) {
    return [
      { path: ['cache', 'key', 'token'], problem: 'cannot be the key: the cache is read before any token is fetched' },
    ];
  }
  if (key !== undefined || path !== undefined) return [];
  const problem = 'is missing: the path of a file with a key, such as the output of `head -c 32 /dev/urandom | base64`';
  return [{ path: ['cache', 'key_path'], problem }];
}

/** Checks that the user name, the password and the URL of a proxy are given together. */
function checkProxies(value: unknown): Fault[] {
  return listAt(value, ['tokens']).flatMap(({ path }) => {
    const source = [...path, 'source'];
    const isGiven = (...keys: string[]) => keys.some((key) => valueAt(value, [...source, key]) !== undefined);
    const password = isGiven('proxy_password', 'proxy_password_path');
    const missing = (key: string, why: string) => [{ path: [...source, key], problem: `is missing: ${why}` }];
    if (isGiven('proxy_user') !== password)
      return password
        ? missing('proxy_user', 'proxy_password needs it')
        : missing('proxy_password_path', 'proxy_user needs it');
    return password && !isGiven('proxy') ? missing('proxy', 'proxy_user needs it') : [];
  });
}
