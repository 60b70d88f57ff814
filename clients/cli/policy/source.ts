import { execFile } from 'node:child_process';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type ReadPolicies, readPolicies } from '@tvm/core/policy/build-bundle.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { Flaw, PolicyFile } from '@tvm/core/policy/flaw.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';

/** The default policy directory. */
export const POLICIES = 'policies';

const SCHEMA = 'schema.cedarschema';

const BELONGS = /\.(?:cedar|cedarschema|yaml|jwks\.json)$/;

/** Valid policies, their bundle and their files. */
export type UsablePolicies = ReadPolicies & { bundle: PolicyBundle; files: PolicyFile[] };

/**
 * Reads a policy directory.
 *
 * @throws {Failure} if the directory cannot be read or its policies are invalid; the message names the first flaw
 */
export async function readPolicyDirectory(directory: string): Promise<UsablePolicies> {
  return usable(await filesIn(directory));
}

/**
 * Reads policies from a directory, or from a git revision: `main` (its directory `policies`) or `main:some/directory`.
 *
 * @throws {Failure} if the source is neither, or its policies are invalid; the message names the first flaw
 */
export async function readPolicySource(source: string, argument: string): Promise<UsablePolicies> {
  return usable((await isDirectory(source)) ? await filesIn(source) : await filesOfRevision(source, argument));
}

/** @throws {Failure} if there are flaws; the message names the first one */
export function refuseFlaws(flaws: readonly Flaw[]): void {
  const [first] = flaws;
  if (first === undefined) return;
  const more = flaws.length > 1 ? ` (and ${flaws.length - 1} more)` : '';
  throw usageFailure(`${first.file}:${first.line}: ${first.message}${more}`);
}

function usable(files: PolicyFile[]): UsablePolicies {
  const read = readPolicies(files);
  refuseFlaws(read.flaws);
  if (read.bundle === undefined) throw new Error('policies without a flaw make no bundle');
  return { ...read, bundle: read.bundle, files };
}

async function filesIn(directory: string): Promise<PolicyFile[]> {
  try {
    const names = (await readdir(directory)).filter((name) => BELONGS.test(name)).sort();
    if (!names.includes(SCHEMA)) {
      const what =
        names.length === 0 ? 'no policies' : `no ${SCHEMA}, which defines the entities and attributes of policies`;
      throw usageFailure(`the directory ${directory} has ${what}`);
    }
    return await Promise.all(
      names.map(async (name) => ({
        name: join(directory, name),
        text: await readFile(join(directory, name), 'utf8'),
      })),
    );
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why = code === 'ENOENT' ? 'it does not exist' : code;
    throw usageFailure(`cannot read the policies in ${directory} (${why})`);
  }
}

async function filesOfRevision(source: string, argument: string): Promise<PolicyFile[]> {
  const named = source.includes(':') ? source : `${source}:./${POLICIES}`;
  const neither = usageFailure(
    `${argument} ${JSON.stringify(source)} is neither a directory nor a git revision with policies, such as main or main:${POLICIES}`,
    argument,
  );
  // git would read a source that starts with a dash as an option.
  if (source.startsWith('-')) throw neither;
  let listed: string;
  try {
    listed = await git('ls-tree', '-z', '--full-tree', '--end-of-options', named);
  } catch {
    throw neither;
  }
  const entries = listed.split('\0').flatMap((entry) => {
    const [, hash, name] = /^100\d+ blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
    return hash !== undefined && name !== undefined && BELONGS.test(name) ? [{ hash, name }] : [];
  });
  if (entries.length === 0) throw neither;
  const files: PolicyFile[] = [];
  for (const { hash, name } of entries) {
    files.push({ name: `${named.replace(':./', ':')}/${name}`, text: await git('cat-file', 'blob', hash) });
  }
  return files;
}

/**
 * Finds policies in the work tree with uncommitted changes, which a comparison of two revisions does not include.
 *
 * @returns the directory; `undefined` if there are no such changes, or `base` or `head` is a directory
 */
export async function uncommittedBetween(base: string, head: string): Promise<string | undefined> {
  if ((await isDirectory(base)) || (await isDirectory(head))) return undefined;
  const path = head.includes(':') ? head.slice(head.indexOf(':') + 1) : `./${POLICIES}`;
  // A path in a revision starts at the root of the repository, unless it is explicitly relative.
  const where = path.startsWith('./') || path.startsWith('../../') ? path : `:(top)${path}`;
  try {
    const changed = await git('status', '--porcelain', '-z', '--', where);
    return changed === '' ? undefined : path.replace(/^\.\//, '');
  } catch {
    // A repository without a work tree has no changes.
    return undefined;
  }
}

function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}
