import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Flaw, PolicyFile } from './flaw.ts';
import { lineNumbers } from './line-numbers.ts';

/** A policy as it stands in its file. */
export interface WrittenPolicy {
  file: string;
  /** Where it begins, from 1. */
  line: number;
  text: string;
  json: cedar.PolicyJson;
  /** Its characters in the file, with the comment lines directly above; the end is exclusive. */
  unit: { start: number; end: number };
}

/**
 * How deep brackets may be nested, how many operators and members (`.a`, `["a"]`) one policy may
 * have, and how deep its syntax tree may be. Cedar
 * recurses: far above these bounds its WebAssembly runs out of stack, and is of no use to anybody afterwards.
 */
const MOST_BRACKETS = 40;
const MOST_OPERATORS = 200;
const MOST_MEMBERS = 1_000;
const MOST_LEVELS = 100;

/** Reads the policies of one Cedar file, in their order. A file that does not parse has none. */
export function readCedarFile({ name: file, text }: PolicyFile): { policies: WrittenPolicy[]; flaws: Flaw[] } {
  const lineAt = lineNumbers(text);
  const tooDeep = (at: number): Flaw => {
    const message = 'nests its conditions too deeply, or has too many in one: make several policies of it';
    return { rule: 'policy/too-large', file, line: lineAt(at), message };
  };
  const deep = tooDeepFrom(text);
  // Before Cedar sees it.
  if (deep !== undefined) return { policies: [], flaws: [tooDeep(deep)] };
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') return { policies: [], flaws: syntaxFlaws(file, text, parts.errors) };
  const flaws: Flaw[] = parts.policy_templates.map((template) => ({
    rule: 'policy/unsupported',
    file,
    line: lineAt(text.indexOf(template)),
    message: 'policy templates are not supported; write the policies out',
  }));
  const searched = new Map<string, number>();
  const policies = parts.policies.map((policy) => {
    // Cedar gives them back in no particular order. Of two that read alike, this finds one each.
    const start = text.indexOf(policy, searched.get(policy) ?? 0);
    searched.set(policy, start + policy.length);
    const parsed = cedar.policyToJson(policy);
    if (parsed.type === 'failure') throw new Error('Cedar does not read a policy that it has parsed');
    const unit = { start: startOfComments(text, start), end: start + policy.length };
    return { file, line: lineAt(start), text: policy, json: parsed.json, unit };
  });
  flaws.push(...policies.filter(({ json }) => depthOf(json) > MOST_LEVELS).map(({ unit }) => tooDeep(unit.end - 1)));
  return { policies: policies.sort((a, b) => a.unit.start - b.unit.start), flaws };
}

// Strings and comments are passed over.
const TOKENS = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|[([{]|[)\]}]|[;.]|\|\||&&|[-+*!]|\b(?:if|when|unless)\b/g;

/** The character where a text goes too deep for Cedar. */
function tooDeepFrom(text: string): number | undefined {
  let brackets = 0;
  let operators = 0;
  let members = 0;
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    if (token.startsWith('"') || token.startsWith('//')) continue;
    if (token === '.' || token === '[') members++;
    if ('([{'.includes(token)) brackets++;
    else if (')]}'.includes(token)) brackets--;
    else if (token === ';') [operators, members] = [0, 0];
    else if (token !== '.') operators++;
    if (brackets > MOST_BRACKETS || operators > MOST_OPERATORS || members > MOST_MEMBERS) return index;
  }
  return undefined;
}

function depthOf(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0;
  return 1 + Object.values(node).reduce<number>((deepest, member) => Math.max(deepest, depthOf(member)), 0);
}

/** Cedar's complaints about a text, each as a flaw at its line. */
export function syntaxFlaws(file: string, text: string, errors: readonly cedar.DetailedError[]): Flaw[] {
  return errors.map((error) => {
    const start = error.sourceLocations?.[0]?.start;
    // Cedar counts bytes.
    const line = start === undefined ? 1 : Buffer.from(text).subarray(0, start).toString().split('\n').length;
    return { rule: 'policy/syntax', file, line, message: describe(error) };
  });
}

/** A complaint of Cedar in one sentence. */
export function describe(error: cedar.DetailedError): string {
  const expected = error.sourceLocations?.[0]?.label;
  return [error.message, expected, error.help].filter(Boolean).join('; ').replace(/\s+/g, ' ');
}

function startOfComments(text: string, policy: number): number {
  let start = text.lastIndexOf('\n', policy - 1) + 1;
  for (;;) {
    const above = text.lastIndexOf('\n', start - 2) + 1;
    if (start === 0 || !/^\s*\/\//.test(text.slice(above, start))) return start;
    start = above;
  }
}
