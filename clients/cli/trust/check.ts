import { readFile } from 'node:fs/promises';
import { readKeySet } from '@tvm/core/federation/key-set.ts';
import type { PublicJwk, TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { entryFor, type InspectedProof, inspectProof } from '@tvm/core/federation/verify-proof.ts';
import { nearestName } from '@tvm/core/settings/nearest-name.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { tableLines } from '@tvm/terminal/table.ts';
import { exitCodes } from '../connection/failure.ts';
import { resolveEndpoint } from '../connection/settings.ts';
import { readToken } from '../verification/read-token.ts';
import { fetchKeys } from './fetch-keys.ts';
import { type ListOptions, readTrustEntries } from './list.ts';
import { whyRefused } from './why-refused.ts';

/** The options of `tvm trust check`. */
export interface CheckOptions extends ListOptions {
  entry?: string;
  jwks?: string;
  offline?: true;
}

/**
 * Evaluates a proof from standard input with a trust entry, and writes each check. The proof is never written.
 *
 * @throws {Failure} if the entry, the proof or the key set cannot be read
 */
export async function checkProof(options: CheckOptions): Promise<void> {
  const trust = await readTrustEntries(options.policies);
  const proof = await readToken('-', 'PROOF');
  const { name, entry } = findEntry(trust, options.entry, proof);
  const service = entry.audience === undefined ? issuerOf(options) : '';
  const { keys, missing } = await keysFor(entry, options);
  const result = inspectProof(proof, { name, entry, service, now: Date.now() }, keys);
  const failed = result.checks.some(({ ok }) => !ok);
  // Set the exit code before writing: the reader of the output may close the pipe early.
  process.exitCode = failed ? exitCodes.denied : result.signature === 'valid' ? exitCodes.done : exitCodes.inactive;
  write({ name, entry, result, missing }, options);
}

function findEntry(
  trust: Awaited<ReturnType<typeof readTrustEntries>>,
  named: string | undefined,
  proof: string,
): { name: string; entry: TrustEntry } {
  const names = Object.keys(trust);
  if (names.length === 0)
    throw usageFailure('there is no trust entry: the policy directory has no trust.yaml', '--policies');
  if (named !== undefined) {
    // A disabled entry is checked, too, so that it can be tried before it is enabled.
    const entry = Object.hasOwn(trust, named) ? trust[named] : undefined;
    if (entry !== undefined) return { name: named, entry };
    const near = nearestName(named, names);
    const help = near === undefined ? `entries are ${names.join(', ')}` : `did you mean ${near}?`;
    throw usageFailure(`--entry ${JSON.stringify(named)} is not in trust.yaml; ${help}`, '--entry');
  }
  const found = entryFor(trust, undefined, proof);
  if (found.ok) return found;
  throw usageFailure(`--entry is missing: ${found.failed.found}; entries are ${names.join(', ')}`, '--entry');
}

/** The issuer URL of the service, which is the audience of its proofs. */
function issuerOf(options: CheckOptions): string {
  return resolveEndpoint(options, process.env).href.replace(/\/+$/, '');
}

/** Returns the keys of an entry, or why there are none. */
async function keysFor(
  { issuer, keys }: TrustEntry,
  { jwks, offline }: CheckOptions,
): Promise<{ keys: readonly PublicJwk[] | undefined; missing?: string }> {
  if (jwks !== undefined) {
    const text = await readFile(jwks, 'utf8').catch(() => {
      throw usageFailure(`--jwks ${JSON.stringify(jwks)} cannot be read`, '--jwks');
    });
    const set = readKeySet(text);
    if ('problem' in set) throw usageFailure(`--jwks ${set.problem}`, '--jwks');
    return { keys: set.keys };
  }
  if (keys.from === 'file') return { keys: keys.keys };
  if (offline) return { keys: undefined, missing: '--offline is given without --jwks' };
  return fetchKeys(keys.from === 'url' ? { url: keys.url } : { issuer });
}

interface Outcome {
  name: string;
  entry: TrustEntry;
  result: InspectedProof;
  missing: string | undefined;
}

function write({ name, entry, result, missing }: Outcome, { output }: CheckOptions): void {
  const { signature, caller } = result;
  const checks = result.checks.map((check) => ({ ...check, ...(!check.ok && { why: whyRefused(check, entry) }) }));
  if (output === 'json') {
    const reason = signature === 'not evaluated' && missing !== undefined ? { signature_reason: missing } : {};
    const accepted = caller !== undefined && signature === 'valid';
    writeJson({ entry: name, accepted, signature, ...reason, checks, ...(caller && { caller }) });
    return;
  }
  const { stdout } = process;
  const columns = [
    { title: '', cell: ({ ok }: (typeof checks)[number]) => (ok ? '✓' : '✗') },
    { title: 'CLAIM', cell: ({ claim }: (typeof checks)[number]) => claim },
    { title: 'EXPECTED', cell: ({ expected }: (typeof checks)[number]) => expected, least: 20 },
    { title: 'FOUND', cell: ({ found }: (typeof checks)[number]) => found, least: 20 },
  ];
  stdout.write(`${tableLines(columns, checks, stdout).join('\n')}\n`);
  for (const { claim, why } of checks) if (why !== undefined) stdout.write(`${printable(`${claim}: ${why}`)}\n`);
  if (signature === 'not evaluated')
    stdout.write(`signature not evaluated${missing ? `: ${printable(missing)}` : ''}\n`);
  const failed = checks.find(({ ok }) => !ok);
  if (failed !== undefined) stdout.write(`refused by "${name}": ${failed.claim}\n`);
  else if (caller !== undefined) {
    const verdict = signature === 'valid' ? 'accepted by' : 'not proven, but all claims match';
    stdout.write(`${verdict} "${name}" as ${caller.subject}\n`);
  }
  if (entry.disabled) stdout.write(`the entry "${name}" is disabled, so that the service refuses every proof for it\n`);
}
