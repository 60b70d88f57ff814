import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { MAX_FILE_LENGTH } from '@tvm/gate/file-rules.ts';
import { isPolicyFile } from '@tvm/gate/model/check.ts';
import type { SourceFile } from '@tvm/gate/model/finding.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/** Extensions of files that may be manifests, templates or policies. */
const EXTENSIONS = new Set(['.yaml', '.yml', '.json', '.template', '.cedar', '.cedarschema']);

/** The path that means the standard input, and its name in reports. */
const STDIN = '-';
const STDIN_NAME = 'stdin';

/** The maximum number of bytes to read: more than any file within the limit on characters can have. */
const MAX_BYTES = 4 * MAX_FILE_LENGTH + 4;

/**
 * Reads the files to check: each file in `paths`, and all manifests, templates and policies in its directories. Symbolic
 * links are followed.
 *
 * @param paths the arguments of the command line; `-` is the standard input
 * @returns each file once, with its path relative to the working directory and with slashes
 * @throws {Failure} if a path does not exist or cannot be read; the message names it
 */
export async function readFiles(paths: readonly string[]): Promise<SourceFile[]> {
  const named = new Set(paths.map((path) => resolve(path)));
  const all = new Set<string>();
  for (const path of paths.filter((path) => path !== STDIN)) {
    for (const file of await tryTo('find', path, () => filesOf(path))) all.add(resolve(file));
  }
  const files: SourceFile[] = [];
  if (paths.includes(STDIN)) files.push({ name: STDIN_NAME, text: await readStdin() });
  if (all.size + files.length === 0) throw usageFailure(`there is no file to check in ${paths.join(', ')}`, 'PATH');
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
  return siblings.some((name) => isPolicyFile({ name })) ? filesIn(dirname(path), 'not below') : [path];
}

async function filesIn(directory: string, below?: 'not below', seen: readonly string[] = []): Promise<string[]> {
  const real = await realpath(directory);
  // A link may lead to a directory above it.
  if (seen.includes(real)) return [];
  const entries = (await readdir(directory, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    const isCandidate = EXTENSIONS.has(extname(entry.name).toLowerCase());
    const kind = entry.isSymbolicLink() ? await kindOfLink(path, isCandidate) : entry;
    if (kind?.isDirectory()) {
      if (below === undefined && !isSkipped(entry.name)) files.push(...(await filesIn(path, below, [...seen, real])));
    } else if (kind?.isFile() && isCandidate) files.push(path);
  }
  return files;
}

/** Returns what a link leads to. A link to nothing is an error only if its name is that of a manifest. */
async function kindOfLink(path: string, isCandidate: boolean) {
  try {
    return await stat(path);
  } catch (error) {
    if (isCandidate) throw error;
    return undefined;
  }
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

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_BYTES) break;
  }
  return textOfBytes(Buffer.concat(chunks));
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
