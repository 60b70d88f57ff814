import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { allowedImports, allowedNodeModules, allowedPackages } from './allowed-imports.ts';

const ROOT = path.join(import.meta.dirname, '../../..');

/** The folders that are imported by name: from other folders, and where a relative path would climb more than two folders. */
const NAMES: Readonly<Record<string, string>> = {
  contract: '@tvm/contract',
  core: '@tvm/core',
  gate: '@tvm/gate',
  'clients/api': '@tvm/api',
  'clients/terminal': '@tvm/terminal',
  'clients/verifier': '@tvm/verifier',
  'clients/cli': '@tvm/cli',
  'clients/relay': 'tokenrelay',
  bench: '#bench',
  bin: '#bin',
  lambdas: '#lambdas',
  lib: '#lib',
  scripts: '#scripts',
  test: '#test',
};

/** A source file and the specifiers of its imports. */
export interface SourceFile {
  file: string;
  specifiers: readonly string[];
}

/** Returns all source files, with paths relative to the root. */
export function sourceFiles(): SourceFile[] {
  return Object.keys(NAMES)
    .flatMap((folder) => filesBelow(folder))
    .sort()
    .map((file) => ({ file, specifiers: specifiersIn(readFileSync(path.join(ROOT, file), 'utf8')) }));
}

function filesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : filesBelow(file);
    return /\.(ts|mjs|cjs)$/.test(file) && !file.endsWith('.d.ts') ? [file] : [];
  });
}

/** Returns the specifiers of all imports and re-exports, including types. Relies on the formatter for a uniform syntax. */
export function specifiersIn(text: string): string[] {
  const imports = text.matchAll(/^import (?:[^;'"`]*? from )?'([^'\n]+)'/gm);
  const exports = text.matchAll(/^export (?:type )?(?:\*(?: as \w+)?|\{[^}]*\}) from '([^'\n]+)'/gm);
  const calls = text.matchAll(/\bimport\('([^'\n]+)'\)/g);
  return [...new Set([...imports, ...exports, ...calls].map(([, specifier = '']) => specifier))];
}

/** Returns the imported file, relative to the root; `undefined` for packages and Node modules. */
function target(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return path.join(path.dirname(file), specifier);
  const [folder, name] = Object.entries(NAMES).find(([, name]) => specifier.startsWith(`${name}/`)) ?? [];
  return folder === undefined || name === undefined ? undefined : folder + specifier.slice(name.length);
}

/** Returns one message for each forbidden import of a file. */
export function faults({ file, specifiers }: SourceFile): string[] {
  return specifiers.flatMap((specifier) => {
    const to = target(file, specifier);
    const fault = to === undefined ? packageFault(file, specifier) : arrowFault(file, specifier, to);
    return fault === undefined ? [] : [`${file} imports ${specifier}: ${fault}`];
  });
}

function arrowFault(file: string, specifier: string, to: string): string | undefined {
  const relative = specifier.startsWith('.');
  if (!relative && !existsSync(path.join(ROOT, to))) return 'the file does not exist';
  if (relative && namedFolder(file) !== namedFolder(to)) {
    return 'files of another folder must be imported by the name of the folder';
  }
  if (relative && specifier.startsWith('../../../')) return 'a relative path may climb at most two folders';
  const unit = ruledFolder(file);
  if (unit === undefined) return undefined;
  // A folder that has its own rule must be listed, even if it is below the importing folder.
  const [own, other] = [concrete(unit, file), concrete(ruledFolder(to) ?? '', to)];
  if (own === other || longest(allowedImports[unit] ?? [], to) !== undefined) return undefined;
  return `${unit} may import ${allowedImports[unit]?.join(', ') || 'nothing of this project'}`;
}

function packageFault(file: string, specifier: string): string | undefined {
  const folder = namedFolder(file);
  if (folder === undefined) return undefined;
  if (specifier.startsWith('node:')) {
    return allowedNodeModules[folder]?.includes(specifier) === false ? `${folder} may not` : undefined;
  }
  const packages = NAMES[folder]?.startsWith('#') ? allowedPackages[folder] : declaredPackages(folder);
  const allowed = packages?.some((name) => specifier === name || specifier.startsWith(name.replace(/\/?$/, '/')));
  return allowed === false ? `${folder} may import ${packages?.join(', ')}` : undefined;
}

function ruledFolder(file: string): string | undefined {
  return longest(Object.keys(allowedImports), file);
}

function declaredPackages(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));
  return Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
}

function namedFolder(file: string): string | undefined {
  return longest(Object.keys(NAMES), file);
}

/** Returns the longest path that is the file or one of its folders. `*` matches one name. */
function longest(places: readonly string[], file: string): string | undefined {
  return places
    .filter((place) => concrete(place, file) === file || file.startsWith(`${concrete(place, file)}/`))
    .sort((one, other) => depth(other) - depth(one))[0];
}

const depth = (place: string) => place.split('/').length - (place.includes('*') ? 0.5 : 0);

/** Replaces `*` in a path with the name at that position of the file's path. */
function concrete(place: string, file: string): string {
  const names = file.split('/');
  return place
    .split('/')
    .map((name, at) => (name === '*' ? (names[at] ?? name) : name))
    .join('/');
}

/** Returns import cycles: for each file in one, the shortest path back to the file. */
export function cycles(files: readonly SourceFile[]): string[] {
  const arrows = new Map(
    files.map(({ file, specifiers }) => [file, specifiers.flatMap((specifier) => target(file, specifier) ?? [])]),
  );
  return files.flatMap(({ file }) => {
    const way = wayBack(file, arrows);
    return way === undefined ? [] : [way.join(' -> ')];
  });
}

function wayBack(start: string, arrows: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const ways = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of arrows.get(way.at(-1) ?? '') ?? []) {
      if (next === start) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}
