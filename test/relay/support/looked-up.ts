import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

/** The system's own lookup, saved before a test replaces it. */
const { lookup } = dns;

/**
 * Resolves names to the addresses of a test. Other names are not found, and names with an empty list hang.
 *
 * @param addresses the results of each name's lookups, in order; the last result repeats
 * @returns the names that were looked up
 */
export function lookUp(addresses: Record<string, string[][]>): string[] {
  const lookedUp: string[] = [];
  const left = new Map(Object.entries(addresses).map(([name, answers]) => [name, [...answers]]));
  const fake = (name: string, options: object, done: (error: Error | null, found?: LookupAddress[]) => void) => {
    // The test's own servers look up the address that they listen on.
    if (isIP(name) !== 0) return lookup(name, options, done as () => void);
    lookedUp.push(name);
    const answers = left.get(name);
    if (answers?.length === 0) return;
    const found = answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0];
    if (found === undefined) return done(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
    done(
      null,
      found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
  dns.lookup = fake as unknown as typeof lookup;
  syncBuiltinESMExports();
  return lookedUp;
}

/** Restores the system's own lookup. */
export function lookUpAsBefore(): void {
  dns.lookup = lookup;
  syncBuiltinESMExports();
}
