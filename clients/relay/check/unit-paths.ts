import { join } from 'node:path';
import type { ServiceUnit } from './service-unit.ts';

/** A unit's access to a path. `private`: the unit sees its own folder there, which no other process sees. */
type Access = 'writable' | 'read-only' | 'inaccessible' | 'private';

/** The base folders in which systemd creates folders at each start for these settings (systemd.exec(5)). */
const MADE = {
  RuntimeDirectory: '/run',
  StateDirectory: '/var/lib',
  CacheDirectory: '/var/cache',
  LogsDirectory: '/var/log',
  ConfigurationDirectory: '/etc',
} as const;

const SPECIFIERS: Record<string, string> = { t: '/run', S: '/var/lib', C: '/var/cache', L: '/var/log', E: '/etc' };

/** Returns the folders that systemd creates for a unit, owned by its user. */
export function madeFolders(unit: ServiceUnit): string[] {
  return Object.entries(MADE).flatMap(([setting, base]) =>
    // The names after a colon are links to the folder.
    unit.words(setting).map((word) => join(base, word.split(':')[0] ?? '')),
  );
}

/** Returns the folders that must exist for the unit to start. */
export function requiredFolders(unit: ServiceUnit): string[] {
  return ['ReadWritePaths', 'ReadOnlyPaths', 'InaccessiblePaths']
    .flatMap((setting) => unit.words(setting))
    .filter((word) => !word.startsWith('-'))
    .map(path);
}

/** Returns a unit's access to a path under its sandboxing. The innermost of nested rules applies. */
export function unitAccess(unit: ServiceUnit, at: string): Access {
  const asked = path(at);
  const rules: [string, Access][] = [
    ...protectedSystem(unit.last('ProtectSystem') ?? 'no'),
    ...protectedHome(unit.last('ProtectHome') ?? 'no'),
    ...given(unit, 'TemporaryFileSystem', 'private'),
    ...given(unit, 'ReadOnlyPaths', 'read-only'),
    ...given(unit, 'InaccessiblePaths', 'inaccessible'),
    ...given(unit, 'ReadWritePaths', 'writable'),
    ...madeFolders(unit).map((folder): [string, Access] => [folder, 'writable']),
  ];
  if (unit.isOn('PrivateTmp')) rules.push(['/tmp', 'private'], ['/var/tmp', 'private']);
  let best: { length: number; access: Access } = { length: 0, access: 'writable' };
  for (const [folder, access] of rules) {
    const isWithin = folder === '/' || asked === folder || asked.startsWith(`${folder}/`);
    if (isWithin && folder.length >= best.length) best = { length: folder.length, access };
  }
  return best.access;
}

function given(unit: ServiceUnit, setting: string, access: Access): [string, Access][] {
  return unit.words(setting).map((word) => [path(word.split(':')[0] ?? ''), access]);
}

function protectedSystem(value: string): [string, Access][] {
  const readOnly = (folder: string): [string, Access] => [folder, 'read-only'];
  if (value === 'strict') {
    return [readOnly('/'), ...['/dev', '/proc', '/sys'].map((folder): [string, Access] => [folder, 'writable'])];
  }
  const system = ['/usr', '/boot', '/efi'].map(readOnly);
  if (value === 'full') return [...system, readOnly('/etc')];
  return /^(yes|true|on|1)$/i.test(value) ? system : [];
}

function protectedHome(value: string): [string, Access][] {
  const access: Access | undefined = { 'read-only': 'read-only', tmpfs: 'private' }[value] as Access | undefined;
  const isOn = /^(yes|true|on|1)$/i.test(value);
  if (access === undefined && !isOn) return [];
  return ['/home', '/root', '/run/user'].map((folder) => [folder, access ?? 'inaccessible']);
}

/** Resolves a path of a unit or a configuration: specifiers, and /var/run as /run. */
function path(word: string): string {
  const expanded = word.replace(/^[-+]+/, '').replace(/%([tSCLE])/g, (whole, letter) => SPECIFIERS[letter] ?? whole);
  return expanded.replace(/^\/var\/run(?=\/|$)/, '/run').replace(/(?<=.)\/+$/, '');
}
