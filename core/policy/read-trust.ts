import { readKeySet } from '../federation/key-set.ts';
import type { TrustEntries, TrustEntry } from '../federation/trust-entry.ts';
import { trustFile } from '../federation/trust-file.ts';
import type { Path } from '../settings/fault.ts';
import { nearestName } from '../settings/nearest-name.ts';
import type { PolicyBundle } from './bundle.ts';
import type { Flaw, PolicyFile } from './flaw.ts';
import type { PolicySchema } from './schema-file.ts';
import { readYamlFile } from './yaml-file.ts';

/**
 * Reads `trust.yaml` and the key sets that it names, and checks them against the other files of the policy directory.
 *
 * @param find returns a file of the directory; its text is empty if it does not exist
 * @param schema `undefined` if the schema could not be read
 * @returns the entries with their key sets and the types of their claims
 */
export function readTrust(
  find: (name: string) => PolicyFile,
  { networks }: Pick<PolicyBundle, 'networks'>,
  schema: PolicySchema | undefined,
  flaws: Flaw[],
): TrustEntries {
  const file = find('trust.yaml');
  const { value: entries = {}, flaws: own, lineOf } = readYamlFile(trustFile, file);
  flaws.push(...own);
  const names = Object.keys(entries);
  if (schema !== undefined && !schema.trusts && names.length > 0) {
    const message = 'needs the declarations entity Trust; and entity Workload in [Trust] = { … } in schema.cedarschema';
    flaws.push({ rule: 'policy/data-file', file: file.name, line: 1, message });
  }
  for (const [name, entry] of Object.entries(entries)) {
    const flaw = (path: Path, problem: string) => {
      // Fields of an entry without a preset are one level deeper. A path that does not exist has the line of its parent.
      const line = Math.max(...[[], ['oidc'], ['client']].map((form) => lineOf([name, ...form, ...path])));
      const message = `${[name, ...path].join('.')} ${problem}`;
      flaws.push({ rule: 'policy/data-file', file: file.name, line, message });
    };
    for (const network of entry.from) {
      if (!Object.hasOwn(networks, network))
        flaw(['from'], `names a network that is not in networks.yaml: "${network}"`);
    }
    readKeys(entry, find, flaw, flaws);
    for (const [claim, kept] of Object.entries(schema?.trusts ? entry.claims : {})) {
      const type = schema?.claims[claim];
      if (type !== undefined) kept.type = type;
      else {
        const near = nearestName(claim, Object.keys(schema?.claims ?? {}));
        const help = near === undefined ? '' : `; did you mean ${near}?`;
        flaw(['claims'], `has ${claim}, but schema.cedarschema declares no Workload.claims.${claim}${help}`);
      }
    }
  }
  return entries;
}

/** Adds the key set of its file to an entry. */
function readKeys(
  { keys }: TrustEntry,
  find: (name: string) => PolicyFile,
  flaw: (path: Path, problem: string) => void,
  flaws: Flaw[],
): void {
  if (keys.from !== 'file') return;
  const { name: file, text } = find(keys.file);
  if (text === '') {
    flaw(['keys', 'file'], `names a file that does not exist: ${keys.file}`);
    return;
  }
  const set = readKeySet(text);
  const report = (message: string) => flaws.push({ rule: 'policy/data-file', file, line: 1, message });
  if ('problem' in set) {
    report(set.problem);
    return;
  }
  for (const { index, problem } of set.unusable) report(`keys[${index}] ${problem}`);
  if (set.keys.length === 0 && set.unusable.length === 0) report('must have a key');
  keys.keys = set.keys;
}
