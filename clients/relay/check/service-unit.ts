import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readBounded, Unreadable } from '../files/read-bounded.ts';

const MOST_BYTES = 1_048_576;

/** Folders of units and drop-ins, highest precedence first (systemd.unit(5), “Unit File Load Path”). */
export const unitFolders = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system'];

/** The `[Service]` section of a unit, merged with its drop-ins. */
export interface ServiceUnit {
  file: string;
  /** Returns the assignments of a setting, in order. An empty assignment removes itself and all before it. */
  all(setting: string): string[];
  /** Returns the last assignment, unless it is empty. */
  last(setting: string): string | undefined;
  /** Returns the words of all assignments. */
  words(setting: string): string[];
  /** Returns the assignments including empty ones, for settings in which an empty value has a meaning. */
  assignments(setting: string): string[];
  isOn(setting: string): boolean;
  /** Settings with a comment after their value, which systemd reads as part of the value. */
  commented: string[];
}

/** Reads a unit and its drop-ins. @throws {Unreadable} if a file cannot be read */
export async function readUnit(file: string, folders = [join(file, '..')]): Promise<ServiceUnit> {
  const dropIns = await dropInsOf(basename(file), folders);
  const texts = [];
  for (const path of [file, ...dropIns]) texts.push(await readBounded(path, MOST_BYTES));
  return serviceUnit(file, texts);
}

/** Reads the unit of this name if it is installed. */
export async function installedUnit(name: string, folders = unitFolders): Promise<ServiceUnit | undefined> {
  for (const folder of folders) {
    try {
      return await readUnit(join(folder, name), folders);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
    }
  }
  return undefined;
}

/** Returns the drop-ins of a unit, sorted by name. Of equal names, the folder with the highest precedence wins. */
async function dropInsOf(unit: string, folders: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const folder of folders.map((one) => join(one, `${unit}.d`))) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (name.endsWith('.conf') && !found.has(name)) found.set(name, join(folder, name));
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Settings whose value may contain a space and a hash that do not start a comment. */
const MAY_HOLD_HASH = /^(Exec|Environment|SetCredential)/;

/** Parses the texts of a unit and its drop-ins (systemd.syntax(7)). */
export function serviceUnit(file: string, texts: readonly string[]): ServiceUnit {
  const settings = new Map<string, string[]>();
  const commented = new Set<string>();
  for (const { section, key, value } of texts.flatMap(assignmentsIn)) {
    if (section !== 'Service') continue;
    const [meant = value] = MAY_HOLD_HASH.test(key) ? [] : value.split(/\s+#/);
    if (meant !== value) commented.add(key);
    settings.set(key, [...(settings.get(key) ?? []), meant]);
  }
  const assignments = (setting: string) => settings.get(setting) ?? [];
  const all = (setting: string) => {
    const values = assignments(setting);
    return values.slice(values.lastIndexOf('') + 1);
  };
  const last = (setting: string) => all(setting).at(-1);
  return {
    file,
    commented: [...commented],
    assignments,
    all,
    last,
    words: (setting) => all(setting).flatMap((value) => value.split(/\s+/)),
    isOn: (setting) => /^(yes|true|on|1)$/i.test(last(setting) ?? ''),
  };
}

function assignmentsIn(text: string): { section: string; key: string; value: string }[] {
  // systemd ignores a comment line within a continued line.
  const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
  const joined = lines.join('\n').replace(/\\\n/g, ' ').split('\n');
  let section = '';
  return joined.flatMap((line) => {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [{ section, key, value }];
  });
}
