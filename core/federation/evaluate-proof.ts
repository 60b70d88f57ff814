import { type Claims, claims as claimsSchema, typeOfClaim } from '@tvm/contract/claims.ts';
import { writeDuration } from '@tvm/contract/duration.ts';
import { limits } from '@tvm/contract/limits.ts';
import { federatedSubject } from '@tvm/contract/subject.ts';
import type { FederatedCaller } from '../identity/caller.ts';
import { valueAt, written } from '../settings/fault.ts';
import { mapSubject } from './subject-template.ts';
import type { ClaimPath, RequiredClaim, TrustEntry, Unverified } from './trust-entry.ts';

/** One check of a proof. Its texts are short and printable, and never contain the proof. */
export interface ClaimCheck {
  /** The claim or header parameter. */
  claim: string;
  expected: string;
  found: string;
  ok: boolean;
}

/** What a proof is evaluated against. */
export interface ProofContext {
  /** The name of the trust entry. */
  name: string;
  entry: TrustEntry;
  /** The issuer URL of this service, which is the default audience. */
  service: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/** How far the clock of an issuer may differ, in seconds. */
export const CLOCK_SKEW = 30;

/** Header parameters that say where a key or a rule comes from. The issuer of the entry alone determines its keys. */
const REFUSED_PARAMETERS = ['crit', 'jku', 'x5u', 'x5c', 'jwk'];

/** Maximum length of a text in a check, in characters. */
const SHOWN = 120;

/** Evaluates the header of a proof, in the order of reading. */
export function evaluateHeader(header: Unverified, { entry }: Pick<ProofContext, 'entry'>): ClaimCheck[] {
  const { alg, typ, kid } = header;
  const isType = typ === undefined || (typeof typ === 'string' && entry.types.includes(mediaType(typ)));
  return [
    check(
      'alg',
      entry.algorithms.join(' or '),
      alg,
      entry.algorithms.some((algorithm) => algorithm === alg),
    ),
    check('typ', `${entry.types.join(' or ')}, or absent`, typ, isType),
    ...REFUSED_PARAMETERS.filter((name) => header[name] !== undefined).map((name) => ({
      claim: name,
      expected: 'absent',
      found: 'present',
      ok: false,
    })),
    ...(kid === undefined || isName(kid) ? [] : [check('kid', 'a name of at most 256 characters', kid, false)]),
  ];
}

/** The media type of a `typ`, without its usual prefix (RFC 7515, section 4.1.9). */
function mediaType(typ: string): string {
  return typ.toLowerCase().replace(/^application\//, '');
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= limits.jtiLength;
}

/**
 * Evaluates all claims of a proof, in the order of reading, also after one has failed.
 *
 * @returns the checks, and the caller if all of them succeed
 */
export function evaluateClaims(
  claims: Unverified,
  context: ProofContext,
): { checks: ClaimCheck[]; caller?: FederatedCaller } {
  const { name, entry } = context;
  const checks = [
    ...identityChecks(claims, context),
    ...timeChecks(claims, context),
    ...entry.require.map((required) => requiredCheck(claims, required)),
  ];
  const kept = keptClaims(claims, entry);
  checks.push(...kept.checks);
  const mapped = mapSubject(entry.subject, claims);
  const subject = 'subject' in mapped ? federatedSubject(name, mapped.subject) : undefined;
  if ('path' in mapped) checks.push(check(written(mapped.path), mapped.expected, valueAt(claims, mapped.path), false));
  else {
    const expected = `a subject of at most ${limits.nameLength} characters`;
    checks.push(check('mapped subject', expected, subject ?? mapped.subject, subject !== undefined));
  }
  if (subject === undefined || !checks.every(({ ok }) => ok)) return { checks };
  const session = entry.instance && instanceOf(valueAt(claims, entry.instance));
  const caller: FederatedCaller = {
    kind: 'federated',
    subject,
    trust: name,
    claims: kept.claims,
    ...(Object.keys(kept.chosen).length > 0 && { chosenClaims: kept.chosen }),
    ...(session !== undefined && { session }),
  };
  return { checks, caller };
}

function identityChecks(claims: Unverified, { name, entry, service }: ProofContext): ClaimCheck[] {
  const { iss, sub, aud, jti } = claims;
  const audience = entry.audience ?? service;
  const isClient = entry.kind === 'client';
  // A client assertion for several audiences could be used at each of them (RFC 7523, section 3, as revised).
  const forIt = Array.isArray(aud) ? aud.includes(audience) && (!isClient || aud.length === 1) : aud === audience;
  return [
    ...(entry.withoutIss ? [] : [check('iss', quoted(entry.issuer), iss, iss === entry.issuer)]),
    ...(isClient ? [check('sub', quoted(name), sub, sub === name)] : []),
    check('aud', `${quoted(audience)}${isClient ? ', alone' : ''}`, aud, forIt),
    ...(isClient || jti !== undefined ? [check('jti', 'a text of at most 256 characters', jti, isName(jti))] : []),
  ];
}

/** Evaluates `exp`, `nbf`, `iat` and the age. A proof without `iat` may not expire later than its maximum age from now. */
function timeChecks({ exp, nbf, iat }: Unverified, { entry: { maxAge }, now }: ProofContext): ClaimCheck[] {
  const seconds = now / 1000;
  const oldest = `at most ${writeDuration(maxAge)}`;
  const rule = (claim: string, expected: string, value: unknown, holds: (time: number) => boolean): ClaimCheck => {
    const isTime = typeof value === 'number' && Number.isFinite(value);
    const shown = isTime ? { found: `${value} (${timeFrom(value - seconds)})` } : {};
    return { ...check(claim, expected, value, isTime && holds(value)), ...shown };
  };
  return [
    rule('exp', 'a time in the future', exp, (time) => time + CLOCK_SKEW > seconds),
    ...(nbf === undefined ? [] : [rule('nbf', 'a time in the past', nbf, (time) => time - CLOCK_SKEW <= seconds)]),
    ...(iat === undefined
      ? [rule('exp', `${oldest} from now, because iat is absent`, exp, (time) => time - CLOCK_SKEW <= seconds + maxAge)]
      : [
          rule('iat', 'a time in the past', iat, (time) => time - CLOCK_SKEW <= seconds),
          rule('iat', `${oldest} ago`, iat, (time) => time + maxAge + CLOCK_SKEW >= seconds),
        ]),
  ];
}

function timeFrom(seconds: number): string {
  const away = Math.round(Math.abs(seconds));
  if (away === 0) return 'now';
  const text = away > 10 * 365 * 86_400 ? 'over 10 years' : writeDuration(away);
  return seconds > 0 ? `in ${text}` : `${text} ago`;
}

function requiredCheck(claims: Unverified, { path, values, prefixes }: RequiredClaim): ClaimCheck {
  const found = valueAt(claims, path);
  const matches = (value: unknown) =>
    values.some((allowed) => allowed === value) ||
    (typeof value === 'string' && prefixes.some((prefix) => value.startsWith(prefix)));
  const expected = [...values.map(quoted), ...prefixes.map((prefix) => quoted(`${prefix}*`))].join(' or ');
  return check(written(path), expected, found, Array.isArray(found) ? found.some(matches) : matches(found));
}

/** The kept claims of a proof, and the checks that failed. Claims that the caller chose are dropped if they are not usable. */
function keptClaims(
  claims: Unverified,
  { claims: kept, chosenClaims }: TrustEntry,
): { claims: Claims; chosen: Claims; checks: ClaimCheck[] } {
  const checks: ClaimCheck[] = [];
  const found: Claims = {};
  for (const [name, { path, type }] of Object.entries(kept)) {
    const value = valueAt(claims, path);
    if (value === undefined) continue;
    const parsed = claimsSchema.safeParse({ [name]: value });
    const usable = parsed.data?.[name];
    if (usable !== undefined && (type === undefined || typeOfClaim(usable) === type)) found[name] = usable;
    else checks.push(check(written(path), KINDS[type ?? 'any'], value, false));
  }
  if (!claimsSchema.safeParse(found).success) {
    const expected = `kept claims of at most ${limits.claimsLength} characters`;
    checks.push({ claim: 'claims', expected, found: 'more', ok: false });
  }
  const chosen: Claims = {};
  for (const [name, path] of Object.entries(chosenClaims)) {
    const next = claimsSchema.safeParse({ ...chosen, [name]: chosenValue(valueAt(claims, path)) });
    if (next.success) Object.assign(chosen, next.data);
  }
  return { claims: found, chosen, checks };
}

/** Caller-chosen tags are an object, which a kept claim cannot be. Converts them to JSON text. */
function chosenValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : value;
}

const SHORT = `of at most ${limits.claimLength} characters`;

const KINDS = {
  String: `a text ${SHORT}`,
  Long: 'a whole number',
  Bool: 'true or false',
  'Set<String>': `a list of texts ${SHORT}`,
  any: `true, false, a whole number, a text or a list of texts ${SHORT}`,
};

/** The name of the running workload, if it has a usable one. It is only recorded. */
function instanceOf(value: unknown): string | undefined {
  const text = Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= limits.claimLength ? text : undefined;
}

function check(claim: string, expected: string, found: unknown, ok: boolean): ClaimCheck {
  return { claim: shown(claim), expected: shown(expected), found: found === undefined ? 'absent' : quoted(found), ok };
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A value as JSON, in few printable characters. */
function quoted(value: unknown): string {
  return shown(typeof value === 'string' ? JSON.stringify(value.slice(0, SHOWN + 1)) : JSON.stringify(value));
}

function shown(text: string): string {
  const printable = text.replace(UNPRINTABLE, '');
  // The cut may leave half of a surrogate pair, which JSON cannot represent.
  return printable.length > SHOWN ? `${printable.slice(0, SHOWN - 1).replace(UNPRINTABLE, '')}…` : printable;
}

/** Returns the claim at a path of a proof, if it is a short text, for records. */
export function textAt(claims: Unverified, path: ClaimPath): string | undefined {
  const value = valueAt(claims, path);
  return typeof value === 'string' && isName(value) ? value : undefined;
}
