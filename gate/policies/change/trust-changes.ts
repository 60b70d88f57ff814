import { writeDuration } from '@tvm/contract/duration.ts';
import { allowedValues, describeRequirement, describeTemplate } from '@tvm/core/federation/describe-entry.ts';
import type { RequiredClaim, TrustEntries, TrustEntry } from '@tvm/core/federation/trust-entry.ts';
import { written } from '@tvm/core/settings/fault.ts';

/** A change of which proofs of other issuers are accepted, as a sentence. */
export interface TrustChange {
  /** The name of the trust entry. */
  entry: string;
  /** Whether more proofs are accepted than before, or accepted proofs permit more. */
  wider: boolean;
  sentence: string;
}

/** From the strictest to the loosest. */
const REPLAY_RULES = ['once', 'per-audience', 'allow'] as const;

/** Compares the trust entries of two policy directories. A disabled entry is treated as an absent one. */
export function trustChanges(before: TrustEntries = {}, after: TrustEntries = {}): TrustChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().flatMap((name) => {
    const [old, now] = [enabled(before, name), enabled(after, name)];
    const changes = changesOf(name, old, now);
    return changes.map(([wider, sentence]) => ({ entry: name, wider, sentence: `${name}: ${sentence}` }));
  });
}

function enabled(entries: TrustEntries, name: string): TrustEntry | undefined {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  return entry?.disabled ? undefined : entry;
}

type Change = [wider: boolean, sentence: string];

function changesOf(name: string, old: TrustEntry | undefined, now: TrustEntry | undefined): Change[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined)
    return now === undefined ? [] : [[true, `${proofsOf(now)} are now accepted as ${subjectOf(name, now)}`]];
  if (now === undefined) return [[false, `${proofsOf(old)} are no longer accepted`]];
  return [
    ...replaced('proofs of', old.issuer, now.issuer),
    ...replaced('proofs for the audience', old.audience ?? THIS_SERVICE, now.audience ?? THIS_SERVICE),
    ...replaced('proofs with keys from', keysOf(old), keysOf(now)),
    ...sets('signatures with', old.algorithms, now.algorithms),
    ...requirementChanges(old.require, now.require),
    ...moved(old.maxAge, now.maxAge, (age) => `proofs may now be ${writeDuration(age)} old`),
    ...networkChanges(old.from, now.from),
    ...moved(Number(old.outliveProof), Number(now.outliveProof), (may) =>
      may ? 'tokens may now expire after the proof' : 'tokens may no longer expire after the proof',
    ),
    ...moved(
      REPLAY_RULES.indexOf(old.replay),
      REPLAY_RULES.indexOf(now.replay),
      () => `the replay rule is now ${now.replay}`,
    ),
    ...replaced('subjects of the form', subjectOf(name, old), subjectOf(name, now)),
    ...Object.entries(now.claims).flatMap(([claim, { path }]): Change[] => {
      const from = old.claims[claim]?.path;
      return from === undefined || written(from) === written(path)
        ? []
        : [[true, `the claim ${claim} is now read from ${written(path)}, no longer from ${written(from)}`]];
    }),
  ];
}

const THIS_SERVICE = 'of this service';

function proofsOf({ issuer, require }: TrustEntry): string {
  const required = require.map(describeRequirement);
  return `proofs of ${issuer}${required.length > 0 ? ` with ${required.join(', ')}` : ''}`;
}

function subjectOf(name: string, { subject }: TrustEntry): string {
  return `${name}:${describeTemplate(subject)}`;
}

function keysOf({ keys }: TrustEntry): string {
  if (keys.from === 'discovery') return 'discovery';
  if (keys.from === 'url') return keys.url;
  return `${keys.file} (${keys.keys.map(({ kid, n, x }) => kid ?? String(n ?? x).slice(0, 8)).join(', ')})`;
}

/** A replaced value widens the entry and narrows it: the new value is accepted, the old one is not. */
function replaced(what: string, old: string, now: string): Change[] {
  if (old === now) return [];
  return [
    [true, `${what} ${now} are now accepted`],
    [false, `${what} ${old} are no longer accepted`],
  ];
}

function sets(what: string, old: readonly string[], now: readonly string[]): Change[] {
  const more = now.filter((value) => !old.includes(value));
  const less = old.filter((value) => !now.includes(value));
  return [
    ...(more.length > 0 ? [[true, `${what} ${more.join(', ')} are now accepted`] as Change] : []),
    ...(less.length > 0 ? [[false, `${what} ${less.join(', ')} are no longer accepted`] as Change] : []),
  ];
}

function moved(old: number, now: number, sentence: (now: number) => string): Change[] {
  return old === now ? [] : [[now > old, sentence(now)]];
}

function networkChanges(old: readonly string[], now: readonly string[]): Change[] {
  if (old.length === 0 && now.length === 0) return [];
  if (now.length === 0) return [[true, 'requests may now come from any network']];
  if (old.length === 0) return [[false, `requests must now come from ${now.join(' or ')}`]];
  return sets('requests from', old, now);
}

function requirementChanges(old: readonly RequiredClaim[], now: readonly RequiredClaim[]): Change[] {
  const byClaim = (required: readonly RequiredClaim[]) => Map.groupBy(required, ({ path }) => written(path));
  const [before, after] = [byClaim(old), byClaim(now)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((claim): Change[] => {
    const [was, is] = [before.get(claim), after.get(claim)];
    const texts = (required: readonly RequiredClaim[]) => required.flatMap(allowedValues).join(' or ');
    if (is === undefined) return [[true, `${claim} may now be anything, and no longer only ${texts(was ?? [])}`]];
    if (was === undefined) return [[false, `${claim} must now be ${texts(is)}`]];
    const beyond = (first: readonly RequiredClaim[], second: readonly RequiredClaim[]) =>
      second.flatMap((required) => notIn(first, required)).join(' or ');
    const [more, less] = [beyond(was, is), beyond(is, was)];
    return [
      ...(more === '' ? [] : [[true, `${claim} may now also be ${more}`] as Change]),
      ...(less === '' ? [] : [[false, `${claim} may no longer be ${less}`] as Change]),
    ];
  });
}

/** The values and prefixes that other requirements do not allow. */
function notIn(others: readonly RequiredClaim[], { path, values, prefixes }: RequiredClaim): string[] {
  const begins = (text: unknown) =>
    others.some((other) => other.prefixes.some((prefix) => typeof text === 'string' && text.startsWith(prefix)));
  return allowedValues({
    path,
    values: values.filter((value) => !begins(value) && !others.some((other) => other.values.includes(value))),
    prefixes: prefixes.filter((prefix) => !begins(prefix)),
  });
}
