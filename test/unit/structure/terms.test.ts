import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Replaced terms with the standard term. docs/glossary.md lists the old terms, so that readers can search for them. */
const REPLACED: readonly [old: RegExp, term: string][] = [
  [/\b(take|takes|took|taken|taking)\b( [\w’'-]+){0,3} back\b/gi, 'revoke'],
  [/\b[Hh]appenings?\b/g, 'revocation trigger'],
  [/\bfurther conditions?\b/gi, 'external authorizer'],
  [/(?<![-\w])[Ss]tandings?\b/g, 'subject status'],
  [/\bsightings?\b/gi, 'observation'],
  // A value of the output of `tvm policy diff` keeps it.
  [/(?<!')\bsurroundings\b/gi, 'request context'],
  [/\btake a role\b/gi, 'assume a role'],
  [/\banew\b/gi, 'again'],
  [/\bjudge?ments?\b|\bjudging\b/gi, 'decision or evaluation'],
  // Names of types and functions.
  [
    /\b(Told|Telling|HAPPENINGS|\w*RevocationOrders?|OrderState|[aA]skedRevocation|AskedByEvent|takers?|takeRole|[pP]lacedResource|placeResource)\b/g,
    'the term',
  ],
  [
    /\b(Place|Secret|Stub|connect|share)(Place|Machine)\b|\bPlace\b(?=[;,)\]>]| [=}{])|\b(place|carryOut|goOnWith)Orders?\b/g,
    'the term',
  ],
  // "Machine" means a computer, not the service.
  [/\b[Tt]he machine(’s|'s)?\b/g, 'the service, or TVM'],
];

/** Replaced terms in the names of files. */
const REPLACED_NAMES =
  /(^|[/-])(happenings?|standings?|sightings?|surroundings|what-happened|orders?|tell|told|taker|judg(e|ing|e?ment))(?=[-.]\S*ts$)/;

/** Where "machine" means the computer, or a machine that is learned, signed in, or of states. */
const COMPUTER =
  /^(clients\/relay|clients\/verifier|test\/(unit\/clients\/relay|relay|interop\/relay)|bench|packaging)\/|relay|vm\.md/;

/** Where old terms stay: history, the glossary, and this list. */
const HISTORY = /^(CHANGELOG\.md|docs\/adr\/|docs\/glossary\.md|test\/unit\/structure\/terms\.test\.ts)/;

const files = execFileSync('git', ['ls-files', '*.ts', '*.mjs', '*.md', '*.cedar', '*.yaml', '*.toml', '*.py'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => !HISTORY.test(file));

/** The uses of replaced terms in a text, a line each. */
function usesIn(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, at) =>
    REPLACED.flatMap(([old, term]) => {
      if (term === 'the service, or TVM' && COMPUTER.test(file)) return [];
      return [...line.matchAll(old)].map(([found]) => `${file}:${at + 1}: "${found}": write ${term}`);
    }),
  );
}

describe('terms', () => {
  it('are those of the field, in code, messages and documents', () => {
    expect(files.length).toBeGreaterThan(1_000);
    expect(files.flatMap((file) => usesIn(file, readFileSync(file, 'utf8')))).toEqual([]);
  });

  it('are those of the field in the names of source files', () => {
    const sources = files.filter((file) => /\.(ts|mjs)$/.test(file) && !file.startsWith('docs/'));
    expect(sources.filter((file) => REPLACED_NAMES.test(file))).toEqual([]);
    expect('core/revocation/orders/place-order.ts').toMatch(REPLACED_NAMES);
  });

  it.each([
    'the operator takes the token back',
    'what the further conditions say',
    'a happening',
    'its standing',
    'the machine is away',
    'export interface Told extends Finding {',
    'function evaluate(): Judgement',
    'const role = takeRole(bundle, name, caller);',
    'PlacedResource',
    'function written(place: Place): string',
    'const placed = await placeOrder(asking);',
  ])('are found in "%s"', (text) => {
    expect(usesIn('core/a.ts', text)).toHaveLength(1);
  });

  it.each([
    'long-standing',
    'outstanding',
    'a state machine',
    'machine-readable',
    'STANDING',
    'Place the file outside the archive.',
    'Revocation Ordered',
  ])('are not found in "%s"', (text) => {
    expect(usesIn('core/a.ts', text)).toEqual([]);
  });
});
