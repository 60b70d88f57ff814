import { stat } from 'node:fs/promises';
import { isMapping, type Place, written } from '@tvm/core/settings/fault.ts';
import { isSame, visitSettings } from '@tvm/core/settings/visit-settings.ts';
import * as z from 'zod';
import { configurationSchema } from '../config/configuration.ts';
import { openToOthers } from '../config/secrets.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';
import { argv } from '../settings/fields.ts';
import { asOwner } from './agent-user.ts';
import { type Area, error, type Finding } from './finding.ts';
import type { Checked } from './machine.ts';
import { accessFault } from './may-access.ts';

const CERTIFICATES = new Set<unknown>(['ca_file', 'cert_path', 'key_path']);

/** Checks that the agent can read each certificate file and each private key of a certificate. */
export async function checkCertificates(checked: Checked): Promise<Finding[]> {
  const found = new Map<string, { place: Place; path: string }>();
  visitSettings(configurationSchema(), checked.configuration, ({ schema, value, place }) => {
    if (!(schema instanceof z.ZodObject) || !isMapping(value)) return;
    // Paths of secrets are checked by checkSecrets.
    for (const [key, path] of Object.entries(value)) {
      const isOfCertificate = CERTIFICATES.has(key) && !(key === 'key_path' && 'key' in schema.shape);
      if (isOfCertificate && typeof path === 'string')
        found.set(written([...place, key]), { place: [...place, key], path });
    }
  });
  const findings = [...found.values()].map(async ({ place, path }) => {
    const unreadable = await checkReadable('certificates', written(place), path, checked);
    const open = unreadable.length === 0 && place.at(-1) === 'key_path' ? openToOthers(await stat(path)) : undefined;
    return open === undefined
      ? unreadable
      : [error('certificates', `${written(place)}: ${path} ${open}`, `chmod o-rwx ${path}`)];
  });
  return (await Promise.all(findings)).flat();
}

/** Checks that each command exists, that the agent may run it, and that no other user can replace it. */
export async function checkCommands({ configuration: settings, user }: Checked): Promise<Finding[]> {
  const commands = new Map<string, { place: Place; path: string }>();
  visitSettings(configurationSchema(), settings, ({ schema, value, place }) => {
    if (!isSame(schema, argv) || !Array.isArray(value)) return;
    commands.set(written(place), { place, path: String(value[0]) });
  });
  const findings = [...commands.values()].map(async ({ place, path }) => {
    const fault = (await accessFault(path, ['execute'], user)) ?? ((await isFile(path)) ? undefined : 'is not a file');
    if (fault !== undefined) return [error('commands', `${written(place)}: ${path} ${fault}`)];
    const untrusted = await untrustedConfiguration(path, user.uid);
    return untrusted === undefined ? [] : [error('commands', `${written(place)}: ${untrusted}`)];
  });
  return (await Promise.all(findings)).flat();
}

/** Checks that the agent can read a file. */
export async function checkReadable(
  area: Area,
  place: string,
  path: string,
  { user }: Pick<Checked, 'user'>,
): Promise<Finding[]> {
  const fault = (await accessFault(path, ['read'], user)) ?? ((await isFile(path)) ? undefined : 'is not a file');
  if (fault === undefined) return [];
  const made = `install -D -m 0600${asOwner(user)} /dev/null ${path}, and write the secret into it`;
  const missing = area === 'secrets' ? made : 'create the file, or set another path';
  const help = fault === 'does not exist' ? missing : `give user ${user.name} read access`;
  return [error(area, `${place}: ${path} ${fault}`, help)];
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path)).isFile();
}
