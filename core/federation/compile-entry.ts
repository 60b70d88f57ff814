import { limits } from '@tvm/contract/limits.ts';
import { type Fault, isMapping, type Path, written } from '../settings/fault.ts';
import { PRESET_NAMES, type Preset, type PresetName, presetOf } from './presets.ts';
import { parseSubjectTemplate } from './subject-template.ts';
import type { ClaimPath, ClaimValue, RequiredClaim, TrustEntry } from './trust-entry.ts';

/** An entry as `trust.yaml` states it. */
export interface WrittenEntry {
  form: 'preset' | 'oidc' | 'client';
  preset?: PresetName;
  issuer?: string | undefined;
  audience?: string | undefined;
  keys?: TrustEntry['keys'] | undefined;
  algorithms?: TrustEntry['algorithms'] | undefined;
  require?: Record<string, unknown> | undefined;
  subject?: string | undefined;
  claims?: Record<string, ClaimPath> | undefined;
  max_age?: number | undefined;
  outlive_proof?: boolean | undefined;
  from?: string[] | undefined;
  replay?: TrustEntry['replay'] | undefined;
  disabled?: boolean | undefined;
}

/** What applies to an issuer that no preset knows. */
const ANY_ISSUER: Preset = {
  title: 'OpenID Connect',
  page: 'https://openid.net/specs/openid-connect-core-1_0.html#IDToken',
  issuer: { pattern: /^https?:\/\/\S+$/, form: 'an https URL' },
  // Access tokens of machines, too (RFC 9068, section 2.1).
  types: ['jwt', 'at+jwt'],
  algorithms: ['RS256', 'ES256'],
  ids: [['sub']],
  shared: false,
  mustState: [],
  fixed: [],
  subject: '{sub}',
  chosen: [],
  texts: ['sub'],
  maxAge: 3_600,
  replay: 'allow',
  notes: '',
};

/** What applies to a client with a key of its own (RFC 7523, section 3). */
const CLIENT: Preset = {
  ...ANY_ISSUER,
  title: 'Client with a private key',
  page: 'https://www.rfc-editor.org/rfc/rfc7523#section-3',
  types: ['jwt', 'client-authentication+jwt'],
  algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'],
  maxAge: 300,
  replay: 'once',
};

/** Names of claims that identify something permanently: no wildcard may match them. */
const ID_NAME = /(?:^|[^a-z])(?:id|uid|uuid|guid|oid|tid)$|[a-z](?:Id|ID)$|^(?:azp|appid|aws_account)$/;

/** Claims that have settings of their own, by the name of the setting. */
const OWN_SETTINGS: Record<string, string> = {
  iss: 'issuer',
  aud: 'audience',
  exp: 'max_age',
  nbf: 'max_age',
  iat: 'max_age',
};

/** Reports whether a claim is never given to somebody else, as far as its preset or its name tells. */
export function isId(path: ClaimPath, { ids }: Pick<Preset, 'ids'>): boolean {
  return isAmong(path, ids) || ID_NAME.test(path.at(-1) ?? '');
}

/** Returns the preset that applies to an entry. */
export function presetFor({ kind, preset }: Pick<TrustEntry, 'kind' | 'preset'>): Preset {
  if (kind === 'client') return CLIENT;
  const name = PRESET_NAMES.find((name) => name === preset);
  return name === undefined ? ANY_ISSUER : presetOf(name);
}

/**
 * Applies the preset and all defaults to an entry. An entry with `oidc` whose issuer has a preset gets that preset, too, so
 * that its ids must be required.
 *
 * @returns the entry, which is usable only if there are no faults
 */
export function compileEntry(name: string, entry: WrittenEntry): { entry: TrustEntry; faults: Fault[] } {
  const faults: Fault[] = [];
  const fault = (path: Path, problem: string) => faults.push({ path, problem });
  const kind = entry.form === 'client' ? 'client' : 'issuer';
  const presetName = entry.form === 'oidc' ? presetOfIssuer(entry.issuer ?? '') : entry.preset;
  const preset = presetFor({ kind, ...(presetName && { preset: presetName }) });

  const issuer = kind === 'client' ? name : (entry.issuer ?? preset.issuer.default ?? '');
  const match = preset.issuer.pattern.exec(issuer);
  if (kind === 'issuer' && match === null) {
    const problem = `must be ${preset.issuer.form}`;
    fault(['issuer'], entry.issuer === undefined ? `is missing; it ${problem}` : problem);
  }
  const keys = entry.keys ?? { from: 'discovery' as const };
  if (keys.from === 'discovery' && preset.noDiscovery) {
    fault(['keys'], 'must have jwks_url or file: this issuer publishes no discovery document');
  }

  const required = requiredClaims(entry.require ?? {}, fault);
  for (const { path, values, prefixes } of required) {
    const where = ['require', ...path];
    const [top = ''] = path;
    const setting = path.length === 1 && !(top === 'iss' && preset.withoutIss) ? OWN_SETTINGS[top] : undefined;
    if (setting !== undefined) fault(where, `must be absent: use ${setting}`);
    if (preset.chosen.some((chosen) => isBelow(path, chosen))) {
      fault(where, 'must be absent: the workload chooses its value, so it proves nothing');
    }
    if (prefixes.length > 0 && isId(path, preset)) {
      fault(where, 'must be exact: a * matches the ids of others, too');
    }
    if (isText(path, preset) && values.some((value) => typeof value !== 'string')) {
      fault(where, 'must be text: put it in quotes');
    }
  }
  const isRequired = (path: ClaimPath) =>
    required.some(
      ({ path: other, values, prefixes }) => isSame(path, other) && values.length > 0 && prefixes.length === 0,
    );
  if (preset.shared && !preset.ids.some(isRequired)) {
    fault(['require'], `must name one of ${listed(preset.ids)}: other claims are names, which somebody else can get`);
  }
  for (const path of preset.mustState) {
    if (!isRequired(path)) fault(['require', ...path], 'is missing; it must name the allowed values');
  }

  const { claims, chosenClaims } = keptClaims(entry.claims ?? {}, preset);
  const template = parseSubjectTemplate(entry.subject ?? preset.subject, entry.claims ?? {});
  if ('problem' in template) fault(['subject'], template.problem);
  const subject = 'parts' in template ? template.parts : [];
  const mapped = subject.filter((part) => typeof part !== 'string');
  if (mapped.some((path) => preset.chosen.some((chosen) => isBelow(path, chosen)))) {
    fault(['subject'], 'must not contain a claim that the workload chooses');
  } else if (presetName && entry.subject !== undefined && subject.length > 0) {
    const own = parseSubjectTemplate(preset.subject, {});
    const lasting = [...preset.ids, ...('parts' in own ? own.parts.filter((part) => typeof part !== 'string') : [])];
    if (!mapped.some((path) => isAmong(path, lasting))) {
      fault(['subject'], `must contain one of ${listed(lasting)}: other claims are names, which somebody else can get`);
    }
  }

  const all = [...required, ...preset.fixed, ...fromIssuer(preset, match)];
  const used = [...all.map(({ path }) => path), ...mapped, ...Object.values(claims).map(({ path }) => path)];
  // An issuer may let users enter any address. OpenID Connect Core 1.0, section 5.1.
  if (isAmong(['email'], used) && !isAmong(['email_verified'], used)) {
    all.push({ path: ['email_verified'], values: [true], prefixes: [] });
  }
  return {
    faults,
    entry: {
      kind,
      ...(presetName && { preset: presetName }),
      issuer,
      ...(preset.withoutIss && { withoutIss: true }),
      ...(entry.audience !== undefined && { audience: entry.audience }),
      keys,
      algorithms: entry.algorithms ?? preset.algorithms,
      types: preset.types,
      require: all,
      subject,
      claims,
      chosenClaims,
      ...(preset.instance && { instance: preset.instance }),
      maxAge: entry.max_age ?? preset.maxAge,
      outliveProof: entry.outlive_proof ?? false,
      from: entry.from ?? [],
      replay: entry.replay ?? preset.replay,
      disabled: entry.disabled ?? false,
    },
  };
}

/** Finds the preset whose pattern matches an issuer. Skips presets whose pattern matches any host. */
function presetOfIssuer(issuer: string): PresetName | undefined {
  return PRESET_NAMES.find((name) => {
    const { default: only, pattern } = presetOf(name).issuer;
    return only === issuer || (pattern.test(issuer) && !pattern.test('https://any.example/'));
  });
}

/** Lists the required claims of nested mappings. */
function requiredClaims(
  nested: Record<string, unknown>,
  fault: (path: Path, problem: string) => void,
): RequiredClaim[] {
  const required: RequiredClaim[] = [];
  const visit = (value: unknown, path: ClaimPath): void => {
    if (path.length > limits.jsonDepth) return void fault(['require', ...path], 'is nested too deeply');
    if (isMapping(value)) {
      const members = Object.entries(value);
      if (members.length === 0) fault(['require', ...path], 'must name a claim');
      for (const [name, member] of members) visit(member, [...path, name]);
      return;
    }
    const alternatives = Array.isArray(value) ? value : [value];
    if (alternatives.length === 0) return void fault(['require', ...path], 'must name a value');
    const values: ClaimValue[] = [];
    const prefixes: string[] = [];
    for (const one of alternatives) {
      if (typeof one === 'string' && one.includes('*')) {
        if (one.indexOf('*') === one.length - 1 && one.length > 1) prefixes.push(one.slice(0, -1));
        else fault(['require', ...path], 'must have at most one *, at its end, and text before it');
      } else if (typeof one === 'string' || typeof one === 'boolean' || isWhole(one)) values.push(one);
      else fault(['require', ...path], 'must be text, a whole number, true, false or a list of them');
    }
    required.push({ path, values, prefixes });
  };
  for (const [name, value] of Object.entries(nested)) visit(value, [name]);
  return required;
}

/** Separates the claims that the issuer vouches for from those that the caller chooses. */
function keptClaims(kept: Record<string, ClaimPath>, { chosen }: Preset): Pick<TrustEntry, 'claims' | 'chosenClaims'> {
  const isChosen = (path: ClaimPath) => chosen.some((other) => isBelow(path, other));
  const entries = Object.entries(kept);
  return {
    claims: Object.fromEntries(entries.flatMap(([name, path]) => (isChosen(path) ? [] : [[name, { path }]]))),
    chosenClaims: Object.fromEntries(entries.filter(([, path]) => isChosen(path))),
  };
}

function fromIssuer({ fromIssuer }: Preset, match: RegExpExecArray | null): RequiredClaim[] {
  const value = fromIssuer && match?.groups?.[fromIssuer.group];
  if (fromIssuer === undefined || value === undefined) return [];
  const { path, asPrefix } = fromIssuer;
  return [asPrefix ? { path, values: [], prefixes: [`${value}/`] } : { path, values: [value], prefixes: [] }];
}

function isText(path: ClaimPath, { texts }: Preset): boolean {
  return texts === 'all' || (path.length === 1 && texts.includes(path[0] ?? ''));
}

function isWhole(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Reports whether a path is another path or leads into it. */
function isBelow(path: ClaimPath, above: ClaimPath): boolean {
  return above.every((name, index) => path[index] === name);
}

function isSame(path: ClaimPath, other: ClaimPath): boolean {
  return path.length === other.length && isBelow(path, other);
}

function isAmong(path: ClaimPath, paths: readonly ClaimPath[]): boolean {
  return paths.some((other) => isSame(path, other));
}

function listed(paths: readonly ClaimPath[]): string {
  return [...new Set(paths.map((path) => written(path)))].join(', ');
}
