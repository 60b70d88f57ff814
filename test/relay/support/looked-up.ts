import dns, { type LookupAddress } from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import { isIP } from 'node:net';

/** The system's own lookup, before a test put another in its place. */
const { lookup } = dns;

/**
 * Lets names lead where a test says; those that it does not name are not found, and those that it says nothing of hang.
 *
 * @param addresses by name: what each lookup finds, one after the other, the last again and again
 * @returns the names that were looked up
 */
export function lookUp(addresses: Record<string, string[][]>): string[] {
  const asked: string[] = [];
  const left = new Map(Object.entries(addresses).map(([name, answers]) => [name, [...answers]]));
  const fake = (name: string, options: object, done: (error: Error | null, found?: LookupAddress[]) => void) => {
    // Servers of the test itself look up the address that they listen at.
    if (isIP(name) !== 0) return lookup(name, options, done as () => void);
    asked.push(name);
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
  return asked;
}

/** Names lead where they do again. */
export function lookUpAsBefore(): void {
  dns.lookup = lookup;
  syncBuiltinESMExports();
}
