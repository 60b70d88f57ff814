import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { Flaw, PolicyFile } from './flaw.ts';
import { lineNumbers } from './line-numbers.ts';

/** A policy and its position in a file. */
export interface WrittenPolicy {
  file: string;
  /** Line of its start, from 1. */
  line: number;
  text: string;
  json: cedar.PolicyJson;
  /** Character offsets in the file, including the comment lines directly above. The end is exclusive. */
  unit: { start: number; end: number };
}

/**
 * Limits per policy: nesting of brackets, number of operators, number of attribute accesses (`.a`, `["a"]`) and depth
 * of the syntax tree. Cedar is recursive: far above these limits its WebAssembly overflows the stack, and the instance
 * is unusable afterwards.
 */
const MAX_BRACKETS = 40;
const MAX_OPERATORS = 200;
const MAX_MEMBERS = 1_000;
const MAX_LEVELS = 100;

/** Parses the policies of a Cedar file, in file order. A file with a syntax error gives no policies. */
export function readCedarFile({ name: file, text }: PolicyFile): { policies: WrittenPolicy[]; flaws: Flaw[] } {
  const lineAt = lineNumbers(text);
  const tooDeep = (at: number): Flaw => {
    const message = 'nests its conditions too deeply or has too many conditions; split the policy';
    return { rule: 'policy/too-large', file, line: lineAt(at), message };
  };
  const deep = tooDeepFrom(text);
  // Must run before Cedar parses the text.
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
    // Cedar returns policies in no particular order. Duplicate texts are matched to successive occurrences.
    const start = text.indexOf(policy, searched.get(policy) ?? 0);
    searched.set(policy, start + policy.length);
    const parsed = cedar.policyToJson(policy);
    if (parsed.type === 'failure') throw new Error('Cedar cannot read a policy that it has parsed');
    const unit = { start: startOfComments(text, start), end: start + policy.length };
    return { file, line: lineAt(start), text: policy, json: parsed.json, unit };
  });
  flaws.push(...policies.filter(({ json }) => depthOf(json) > MAX_LEVELS).map(({ unit }) => tooDeep(unit.end - 1)));
  return { policies: policies.sort((a, b) => a.unit.start - b.unit.start), flaws };
}

// Matches strings and comments too, so that their contents can be skipped.
const TOKENS = /"(?:[^"\\]|\\.)*"|\/\/[^\n]*|[([{]|[)\]}]|[;.]|\|\||&&|[-+*!]|\b(?:if|when|unless)\b/g;

/** Offset at which a text exceeds the limits for Cedar. */
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
    if (brackets > MAX_BRACKETS || operators > MAX_OPERATORS || members > MAX_MEMBERS) return index;
  }
  return undefined;
}

function depthOf(node: unknown): number {
  if (typeof node !== 'object' || node === null) return 0;
  return 1 + Object.values(node).reduce<number>((deepest, member) => Math.max(deepest, depthOf(member)), 0);
}

/** Converts Cedar's errors about a text to flaws with line numbers. */
export function syntaxFlaws(file: string, text: string, errors: readonly cedar.DetailedError[]): Flaw[] {
  return errors.map((error) => {
    const start = error.sourceLocations?.[0]?.start;
    // Cedar's offsets are in bytes.
    const line = start === undefined ? 1 : Buffer.from(text).subarray(0, start).toString().split('\n').length;
    return { rule: 'policy/syntax', file, line, message: describe(error) };
  });
}

/** Describes an error from Cedar in one sentence. */
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
