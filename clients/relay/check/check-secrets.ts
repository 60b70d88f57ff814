import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Path, valueAt, written } from '@tvm/core/settings/fault.ts';
import { configurationSchema } from '../config/configuration.ts';
import { type LocatedSecret, locatedSecrets } from '../config/located-secrets.ts';
import { listAt, textAt } from '../config/parts.ts';
import { isCredential, openToOthers } from '../config/secrets.ts';
import { checkReadable } from './check-read-files.ts';
import type { Checked } from './checked.ts';
import { error, type Finding, warning } from './finding.ts';
import type { ServiceUnit } from './service-unit.ts';

/** Checks that each secret is at its configured location, and that not every user can read it. */
export async function checkSecrets(checked: Checked): Promise<Finding[]> {
  const secrets = locatedSecrets(configurationSchema(), checked.configuration);
  const findings = [
    ...secrets.map((secret) => checkSecret(secret, checked)),
    ...idsOfRoles(checked).map(({ path, file }) => checkSecretFile(written(path), file, checked)),
  ];
  return (await Promise.all(findings)).flat();
}

/** Returns the default files of AppRole ids whose location is not configured. */
function idsOfRoles({ configuration: settings, file, unit }: Checked): { path: Path; file: string }[] {
  const folder = join(dirname(file), 'secrets');
  return listAt(settings, ['tokens']).flatMap(({ path: token }) => {
    const path = [...token, 'source', 'vault_role'];
    const role = textAt(settings, path);
    const auth = [...token, 'source', 'auth'];
    if (role === undefined || (textAt(settings, [...auth, 'method']) ?? 'approle') !== 'approle') return [];
    const isGiven = (name: string) =>
      [name, `${name}_path`].some((key) => valueAt(settings, [...auth, key]) !== undefined);
    // With only a role id, the secret id is optional.
    if (isGiven('role_id')) return [];
    const ids = ['role_id', ...(isGiven('secret_id') || isGiven('wrapped_secret_id') ? [] : ['secret_id'])];
    return ids
      .map((id) => `${role}.${id}`)
      .filter((name) => !hasCredential(unit, name))
      .map((name) => ({ path, file: join(folder, name) }));
  });
}

/** Reports whether a unit's settings name a credential. */
function hasCredential(unit: ServiceUnit | undefined, name: string): boolean {
  const settings = ['LoadCredential', 'LoadCredentialEncrypted', 'SetCredential', 'SetCredentialEncrypted'];
  return settings.flatMap((setting) => unit?.all(setting) ?? []).some((value) => value.split(':')[0] === name);
}

async function checkSecret({ path, reference }: LocatedSecret, checked: Checked): Promise<Finding[]> {
  if ('file' in reference) return checkSecretFile(written(path), reference.file, checked);
  if ('credential' in reference) return checkCredential(written(path), reference.credential, checked);
  return 'env' in reference ? checkVariable(written(path), reference.env, checked) : [];
}

async function checkSecretFile(setting: string, path: string, { user, env }: Checked): Promise<Finding[]> {
  // systemd credentials exist only while the unit runs.
  if (isCredential(path, env) || path.startsWith('/run/credentials/')) return [];
  const unreadable = await checkReadable('secrets', setting, path, { user });
  if (unreadable.length > 0) return unreadable;
  const stats = await stat(path);
  const open = openToOthers(stats);
  const findings = open === undefined ? [] : [error('secrets', `${setting}: ${path} ${open}`, `chmod o-rwx ${path}`)];
  if (stats.size === 0) findings.push(error('secrets', `${setting}: ${path} is empty`, 'write the secret into it'));
  return findings;
}

function checkCredential(setting: string, name: string, { unit, env }: Checked): Finding[] {
  const isMissing = unit
    ? !hasCredential(unit, name) && unit.all('ImportCredential').length === 0
    : !env.CREDENTIALS_DIRECTORY;
  if (!isMissing) return [];
  const sentence = unit
    ? `${setting}: the unit does not set the credential ${name}`
    : `${setting}: the credential ${name} is available only in a systemd unit`;
  const help = `LoadCredential=${name}:/path/of/the/secret in the unit`;
  return [(unit ? error : warning)('secrets', sentence, help)];
}

function checkVariable(setting: string, name: string, { unit, env }: Checked): Finding[] {
  if (unit === undefined) {
    return env[name] ? [] : [warning('secrets', `${setting}: the environment variable ${name} is not set here`)];
  }
  const isSet = unit.all('Environment').some((value) => new RegExp(`(^|[\\s"'])${name}=`).test(value));
  if (isSet || unit.words('PassEnvironment').includes(name) || unit.all('EnvironmentFile').length > 0) return [];
  return [
    error(
      'secrets',
      `${setting}: the unit does not set the environment variable ${name}`,
      'EnvironmentFile= in the unit',
    ),
  ];
}
