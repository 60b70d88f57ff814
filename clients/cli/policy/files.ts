import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MAX_FILE_LENGTH } from '@tvm/gate/file-rules.ts';
import { SCHEMA_FILE } from '@tvm/gate/model/check.ts';
import type { SourceFile } from '@tvm/gate/model/finding.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/** Extensions of files that may be manifests or templates. */
const MANIFESTS = new Set(['.yaml', '.yml', '.json', '.template']);

/** Extensions of the other files in a policy directory. */
const POLICIES = new Set(['.cedar', '.cedarschema']);

/** The maximum number of bytes to read: more than any file within the limit on characters can have. */
const MAX_BYTES = 4 * MAX_FILE_LENGTH + 4;

/**
 * Reads the files to check: each file in `paths`, and all manifests, templates and policies in its directories.
 *
 * @param paths the arguments of the command line
 * @returns each file once, with its path relative to the working directory and with slashes
 * @throws {Failure} if a path does not exist or cannot be read; the message names it
 */
export async function readFiles(paths: readonly string[]): Promise<SourceFile[]> {
  const named = new Set(paths.map((path) => resolve(path)));
  const all = new Set<string>();
  for (const path of paths) {
    for (const file of await tryTo('find', path, () => filesOf(path))) all.add(resolve(file));
  }
  if (all.size === 0) throw usageFailure(`there is no file to check in ${paths.join(', ')}`, 'PATH');
  const files: SourceFile[] = [];
  for (const file of all) {
    const text = await tryTo('read', file, () => readText(file));
    files.push({ name: nameOf(file), text, ...(!named.has(file) && { found: true }) });
  }
  return files;
}

async function filesOf(path: string): Promise<string[]> {
  if ((await stat(path)).isDirectory()) return filesIn(path);
  // A policy is checked together with the other policies of its directory.
  const siblings = await readdir(dirname(path));
  return siblings.includes(SCHEMA_FILE) ? filesIn(dirname(path), 'not below') : [path];
}

async function filesIn(directory: string, below?: 'not below'): Promise<string[]> {
  const entries = (await readdir(directory, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const hasPolicies = entries.some(({ name }) => name === SCHEMA_FILE);
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (below === undefined && !isSkipped(entry.name)) files.push(...(await filesIn(path)));
    } else if (entry.isFile()) {
      const extension = extname(entry.name).toLowerCase();
      if (MANIFESTS.has(extension) || (hasPolicies && POLICIES.has(extension))) files.push(path);
    }
  }
  return files;
}

function isSkipped(directory: string): boolean {
  return directory === 'node_modules' || directory.startsWith('.');
}

async function readText(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  if (size <= MAX_BYTES) return textOfBytes(await file.readFile());
  const start = Buffer.alloc(MAX_BYTES);
  const { bytesRead } = await file.read(start);
  return textOfBytes(start.subarray(0, bytesRead));
}

/** Decodes a file as kubectl does: as UTF-16 if it begins with the byte order mark of UTF-16, otherwise as UTF-8. */
export function textOfBytes(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function nameOf(path: string): string {
  const name = relative(process.cwd(), path);
  return (name.startsWith('..') || isAbsolute(name) ? path : name).split(sep).join('/');
}

async function tryTo<T>(what: string, path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reason = code === 'ENOENT' ? 'it does not exist' : code;
    throw usageFailure(`cannot ${what} ${dirname(path) === '.' ? basename(path) : path} (${reason})`, 'PATH');
  }
}
