import { stat } from 'node:fs/promises';
import { isMapping, type Path, written } from '@tvm/core/settings/fault.ts';
import { isSame, visitSettings } from '@tvm/core/settings/visit-settings.ts';
import * as z from 'zod';
import { configurationSchema } from '../config/configuration.ts';
import { openToOthers } from '../config/secrets.ts';
import { untrustedConfiguration } from '../process/trusted-configuration.ts';
import { argv } from '../settings/fields.ts';
import { asOwner } from './agent-user.ts';
import type { Checked } from './checked.ts';
import { type Area, error, type Finding } from './finding.ts';
import { accessFault } from './may-access.ts';

const CERTIFICATES = new Set<unknown>(['ca_file', 'cert_path', 'key_path']);

/** Checks that the agent can read each certificate file and each private key of a certificate. */
export async function checkCertificates(checked: Checked): Promise<Finding[]> {
  const found = new Map<string, { path: Path; file: string }>();
  visitSettings(configurationSchema(), checked.configuration, ({ schema, value, path }) => {
    if (!(schema instanceof z.ZodObject) || !isMapping(value)) return;
    // Paths of secrets are checked by checkSecrets.
    for (const [key, file] of Object.entries(value)) {
      const isOfCertificate = CERTIFICATES.has(key) && !(key === 'key_path' && 'key' in schema.shape);
      if (isOfCertificate && typeof file === 'string')
        found.set(written([...path, key]), { path: [...path, key], file });
    }
  });
  const findings = [...found.values()].map(async ({ path, file }) => {
    const unreadable = await checkReadable('certificates', written(path), file, checked);
    const open = unreadable.length === 0 && path.at(-1) === 'key_path' ? openToOthers(await stat(file)) : undefined;
    return open === undefined
      ? unreadable
      : [error('certificates', `${written(path)}: ${file} ${open}`, `chmod o-rwx ${file}`)];
  });
  return (await Promise.all(findings)).flat();
}

/** Checks that each command exists, that the agent may run it, and that no other user can replace it. */
export async function checkCommands({ configuration: settings, user }: Checked): Promise<Finding[]> {
  const commands = new Map<string, { path: Path; file: string }>();
  visitSettings(configurationSchema(), settings, ({ schema, value, path }) => {
    if (!isSame(schema, argv) || !Array.isArray(value)) return;
    commands.set(written(path), { path, file: String(value[0]) });
  });
  const findings = [...commands.values()].map(async ({ path, file }) => {
    const fault = (await accessFault(file, ['execute'], user)) ?? ((await isFile(file)) ? undefined : 'is not a file');
    if (fault !== undefined) return [error('commands', `${written(path)}: ${file} ${fault}`)];
    const untrusted = await untrustedConfiguration(file, user.uid);
    return untrusted === undefined ? [] : [error('commands', `${written(path)}: ${untrusted}`)];
  });
  return (await Promise.all(findings)).flat();
}

/** Checks that the agent can read a file. */
export async function checkReadable(
  area: Area,
  setting: string,
  file: string,
  { user }: Pick<Checked, 'user'>,
): Promise<Finding[]> {
  const fault = (await accessFault(file, ['read'], user)) ?? ((await isFile(file)) ? undefined : 'is not a file');
  if (fault === undefined) return [];
  const made = `install -D -m 0600${asOwner(user)} /dev/null ${file}, and write the secret into it`;
  const missing = area === 'secrets' ? made : 'create the file, or set another path';
  const help = fault === 'does not exist' ? missing : `give user ${user.name} read access`;
  return [error(area, `${setting}: ${file} ${fault}`, help)];
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file)).isFile();
}
