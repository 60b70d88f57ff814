import type * as z from 'zod';
import { limits } from './limits.ts';
import { readStrictJson } from './strict-json.ts';

/** What is wrong with a request. Without `field`, the problem concerns the whole request. */
export interface BadRequest {
  field?: string;
  /** Completes a sentence that begins with the field's name, as in `must not be empty`. */
  problem: string;
  /** Set if the field is missing or repeated: `invalid_request` for every field (RFC 6749, section 5.2). */
  malformed?: true;
}

export type Parsed<T> = { ok: true; value: T } | { ok: false; bad: BadRequest };

/**
 * Parses an OAuth request body, form-encoded or JSON, with its schema.
 *
 * Parsing is stricter than usual, so that two parsers cannot read the same bytes differently. Duplicate parameters and
 * JSON keys are refused (RFC 6749, section 3.2), and so are bodies that are too large, too deeply nested or not UTF-8. An
 * empty value of a known parameter is refused too: ignoring an empty filter or restriction would widen the request.
 *
 * @param contentType the value of the header; its only parameter that is read is `charset`
 * @param omittedWhenEmpty form parameters that are treated as absent if their value is empty, which RFC 6749, section 3.2,
 *   requires of OAuth's own parameters
 */
export function parseParameters<S extends z.ZodType>(
  schema: S,
  contentType: string | undefined,
  body: string,
  omittedWhenEmpty: readonly string[] = [],
): Parsed<z.infer<S>> {
  if (Buffer.byteLength(body) > limits.bodyBytes) {
    return bad({ problem: `the body must have at most ${limits.bodyBytes} bytes` });
  }
  const parameters = readBody(contentType, body, omittedWhenEmpty);
  return parameters.ok ? check(schema, parameters.value) : parameters;
}

/**
 * Parses the decoded query parameters of a URL with their schema, as strictly as `parseParameters` parses a body.
 *
 * @param given every name and value, including repeated ones
 */
export function parseQuery<S extends z.ZodType>(
  schema: S,
  given: Iterable<readonly [name: string, text: string]>,
): Parsed<z.infer<S>> {
  const parameters = readPairs(given);
  return parameters.ok ? check(schema, parameters.value) : parameters;
}

function check<S extends z.ZodType>(schema: S, unverified: Record<string, unknown>): Parsed<z.infer<S>> {
  const parsed = schema.safeParse(unverified);
  if (parsed.success) return { ok: true, value: parsed.data };
  const [issue] = parsed.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    return bad({ field: fieldName([...issue.path, printable(issue.keys[0] ?? '')]), problem: 'is not a known field' });
  }
  const path = issue?.path ?? [];
  const field = fieldName(path);
  const value = path.reduce<unknown>(
    (within, key) => (within as Record<PropertyKey, unknown> | undefined)?.[key],
    unverified,
  );
  if (value === '') return bad({ field, problem: 'must not be empty' });
  const problem = issue?.message ?? 'is not valid';
  return bad({ field, problem, ...(path.length === 1 && value === undefined && { malformed: true }) });
}

function readBody(
  contentType: string | undefined,
  body: string,
  omittedWhenEmpty: readonly string[],
): Parsed<Record<string, unknown>> {
  const [type, ...attributes] = (contentType ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = attributes.find((attribute) => attribute.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-8"?$/.test(charset)) return bad({ problem: `the body ${NOT_UTF8}` });
  switch (type) {
    case 'application/x-www-form-urlencoded':
      return readForm(body, omittedWhenEmpty);
    case 'application/json':
      return readJsonObject(body);
    default:
      return bad({ problem: 'the content type must be application/x-www-form-urlencoded or application/json' });
  }
}

/** The replacement character, which decoders write in place of bytes that are not UTF-8. */
const REPLACEMENT = '\uFFFD';
const NOT_UTF8 = 'must be UTF-8';

/** Parses the values of form parameters that are not strings. */
const FORM_READERS: Record<string, (text: string, field: string) => Parsed<unknown>> = {
  authorization_details: readJson,
  claims: readClaims,
  expires_in: readNumber,
  block_for: readNumber,
  limit: readNumber,
  all: readTrueOrFalse,
  allow_unknown: readTrueOrFalse,
  dry_run: readTrueOrFalse,
};

/**
 * Parses claims. Any other text is returned as it is, and the schema reports it: endpoints without this parameter ignore it,
 * and OpenID Connect has a parameter of the same name.
 */
function readClaims(text: string, field: string): Parsed<unknown> {
  const claims = readJson(text, field);
  return claims.ok ? claims : { ok: true, value: text };
}

/** Parses `true` and `false`. Any other text is returned as it is, and the schema reports it. */
function readTrueOrFalse(text: string): Parsed<unknown> {
  return { ok: true, value: text === 'true' ? true : text === 'false' ? false : text };
}

/** Parses a number. Any other text is returned as it is, and the schema reports it. */
function readNumber(text: string): Parsed<unknown> {
  return { ok: true, value: /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : text };
}

function readForm(body: string, omittedWhenEmpty: readonly string[]): Parsed<Record<string, unknown>> {
  // URLSearchParams keeps a broken percent-encoding as text. Other parsers may not, so it is refused.
  if (/%(?![0-9A-Fa-f]{2})/.test(body)) return bad({ problem: 'the form has a broken percent-encoding' });
  // URLSearchParams drops a leading question mark, which in a body belongs to the first name. The `&` prevents that.
  return readPairs(new URLSearchParams(`&${body}`), omittedWhenEmpty);
}

function readPairs(
  pairs: Iterable<readonly [name: string, text: string]>,
  omittedWhenEmpty: readonly string[] = [],
): Parsed<Record<string, unknown>> {
  const parameters = new Map<string, unknown>();
  for (const [name, text] of pairs) {
    if (text.includes(REPLACEMENT)) return bad({ field: printable(name), problem: NOT_UTF8 });
    if (parameters.has(name))
      return bad({ field: printable(name), problem: 'must be given only once', malformed: true });
    const read = FORM_READERS[name];
    if (text === '') {
      parameters.set(name, omittedWhenEmpty.includes(name) ? undefined : text);
    } else if (read === undefined || !Object.hasOwn(FORM_READERS, name)) {
      parameters.set(name, text);
    } else {
      const value = read(text, name);
      if (!value.ok) return value;
      parameters.set(name, value.value);
    }
  }
  return { ok: true, value: Object.fromEntries(parameters) };
}

function readJsonObject(body: string): Parsed<Record<string, unknown>> {
  if (body.includes(REPLACEMENT)) return bad({ problem: `the body ${NOT_UTF8}` });
  const json = readJson(body);
  if (!json.ok) return json;
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) {
    return bad({ problem: 'the body must be a JSON object' });
  }
  return { ok: true, value: json.value as Record<string, unknown> };
}

/** @param field the name of the parameter that contains the JSON; `undefined` for the whole body */
function readJson(text: string, field?: string): Parsed<unknown> {
  const json = readStrictJson(text);
  if (json.ok) return json;
  const problem = 'duplicate' in json ? `must have the key ${printable(json.duplicate)} only once` : json.problem;
  return bad(field === undefined ? { problem: `the body ${problem}` } : { field, problem });
}

/** Writes the path of a schema issue as in `authorization_details[0].actions`. */
function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key}]`;
    return name === '' ? String(key) : `${name}.${String(key)}`;
  }, '');
}

/** Returns a client's parameter name if an error response may contain it (RFC 6749: visible ASCII without quotes). */
function printable(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : 'a parameter';
}

function bad(problem: BadRequest): { ok: false; bad: BadRequest } {
  return { ok: false, bad: problem };
}
