import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readBounded, Unreadable } from '../files/read-bounded.ts';

const MOST_BYTES = 1_048_576;

/** Where systemd looks for units and their drop-ins, the strongest first (systemd.unit(5), “Unit File Load Path”). */
export const unitFolders = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system'];

/** The `[Service]` section of a unit with its drop-ins. */
export interface ServiceUnit {
  file: string;
  /** Each assignment of a setting, in order; an empty one takes back those before it, and is left out. */
  all(setting: string): string[];
  /** The last assignment that is not empty. */
  last(setting: string): string | undefined;
  /** The words of all assignments. */
  words(setting: string): string[];
  /** Each assignment, the empty ones too: for settings in which empty has a meaning of its own. */
  assignments(setting: string): string[];
  isOn(setting: string): boolean;
  /** Settings with a comment after their value, which systemd takes for a part of it. */
  commented: string[];
}

/** @throws {Unreadable} when a file that is there cannot be read */
export async function readUnit(file: string, folders = [join(file, '..')]): Promise<ServiceUnit> {
  const dropIns = await dropInsOf(basename(file), folders);
  const texts = [];
  for (const path of [file, ...dropIns]) texts.push(await readBounded(path, MOST_BYTES));
  return serviceUnit(file, texts);
}

/** The unit of the agent, where it is installed. */
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

/** Of drop-ins with one name the strongest folder's counts; they are read in the order of their names. */
async function dropInsOf(unit: string, folders: readonly string[]): Promise<string[]> {
  const found = new Map<string, string>();
  for (const folder of folders.map((one) => join(one, `${unit}.d`))) {
    for (const name of await readdir(folder).catch(() => [])) {
      if (name.endsWith('.conf') && !found.has(name)) found.set(name, join(folder, name));
    }
  }
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Settings in which a hash after a space may be meant. */
const MAY_HOLD_HASH = /^(Exec|Environment|SetCredential)/;

/** Reads the texts of a unit and its drop-ins (systemd.syntax(7)). */
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
  // A comment within a continued line is left out of it.
  const lines = text.split('\n').filter((line) => !/^\s*[#;]/.test(line));
  const joined = lines.join('\n').replace(/\\\n/g, ' ').split('\n');
  let section = '';
  return joined.flatMap((line) => {
    section = /^\s*\[(.+)\]\s*$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [{ section, key, value }];
  });
}
