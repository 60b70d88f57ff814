import { writeDuration } from '@tvm/contract/duration.ts';
import { describeRequirement, describeTemplate } from '@tvm/core/federation/describe-entry.ts';
import type { TrustEntries, TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { type Column, tableLines } from '@tvm/terminal/table.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import { readPolicyDirectory } from '../policy/source.ts';

/** The options of `tvm trust list`. */
export interface ListOptions extends GlobalOptions {
  policies: string;
}

/**
 * Reads the trust entries of a policy directory.
 *
 * @throws {Failure} if the directory cannot be read, or its policies are invalid
 */
export async function readTrustEntries(directory: string): Promise<TrustEntries> {
  return (await readPolicyDirectory(directory)).bundle.trust ?? {};
}

/** Writes the trust entries of a policy directory, as a table or as JSON. */
export async function listTrust({ policies, output }: ListOptions): Promise<void> {
  const trust = await readTrustEntries(policies);
  if (output === 'json') {
    writeJson({ entries: trust });
    return;
  }
  const { stdout, stderr } = process;
  const rows = Object.entries(trust).map(([name, entry]) => ({ name, ...entry }));
  if (rows.length > 0) stdout.write(`${tableLines(COLUMNS, rows, stdout).join('\n')}\n`);
  stderr.write(`${rows.length === 0 ? 'no' : rows.length} trust ${rows.length === 1 ? 'entry' : 'entries'}\n`);
}

const COLUMNS: Column<TrustEntry & { name: string }>[] = [
  { title: 'ENTRY', cell: ({ name }) => name },
  { title: 'STATE', cell: ({ disabled }) => (disabled ? 'disabled' : 'enabled') },
  { title: 'PRESET', cell: ({ kind, preset }) => preset ?? (kind === 'client' ? 'client' : 'oidc') },
  { title: 'REQUIRES', cell: ({ require }) => require.map(describeRequirement).join(', ') || '-', least: 20 },
  { title: 'SUBJECT', cell: ({ name, subject }) => `${name}:${describeTemplate(subject)}`, least: 16 },
  { title: 'ISSUER', cell: ({ issuer }) => issuer, least: 20 },
  { title: 'AUDIENCE', cell: ({ audience }) => audience ?? 'this service', least: 12 },
  {
    title: 'KEYS',
    cell: ({ keys }) => (keys.from === 'file' ? keys.file : keys.from === 'url' ? keys.url : keys.from),
    least: 9,
  },
  { title: 'MAX AGE', cell: ({ maxAge }) => writeDuration(maxAge) },
  { title: 'REPLAY', cell: ({ replay }) => replay },
  { title: 'FROM', cell: ({ from }) => from.join(', ') || 'anywhere', least: 8 },
];
