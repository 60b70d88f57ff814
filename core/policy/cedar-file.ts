import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { lineNumbers } from '../line-numbers.ts';
import type { Flaw, PolicyFile } from './flaw.ts';

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

/** Reads the policies of one Cedar file, in their order. A file that does not parse has none. */
export function readCedarFile({ name: file, text }: PolicyFile): { policies: WrittenPolicy[]; flaws: Flaw[] } {
  const parts = cedar.policySetTextToParts(text);
  if (parts.type === 'failure') return { policies: [], flaws: syntaxFlaws(file, text, parts.errors) };
  const lineAt = lineNumbers(text);
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
  return { policies: policies.sort((a, b) => a.unit.start - b.unit.start), flaws };
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
