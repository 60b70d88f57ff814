import { posix } from 'node:path';
import { readPolicies } from '@tvm/core/policy/build-bundle.ts';
import { lineNumbers } from '@tvm/core/policy/line-numbers.ts';
import type { CheckOptions, FileResult } from '../model/check.ts';
import type { Finding, SourceFile } from '../model/finding.ts';
import { policyDirectory } from './directory.ts';
import type { PolicyHit } from './rule.ts';
import { policyRules } from './rules.ts';
import { type Entry, entriesOf } from './yaml-entries.ts';

const CEILING_FILE = 'ceiling.cedar';

/**
 * Checks the files of a policy directory for errors that make them unusable, and for violations of the policy rules.
 *
 * @param today a date such as `2026-11-22`. Default: a day before the end of every window
 */
export function checkPolicies(files: readonly SourceFile[], today = '1970-01-01'): Finding[] {
  return checkPolicyDirectory(files, { today }).flatMap(({ findings }) => findings);
}

/** Checks a policy directory and returns the findings by file, with the units in which suppressions may be written. */
export function checkPolicyDirectory(
  unordered: readonly SourceFile[],
  options: Pick<CheckOptions, 'today'>,
): FileResult[] {
  // If two policies contradict each other, the finding is about the later one. Sorting makes that deterministic.
  const files = unordered.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const { bundle, content, written, flaws } = readPolicies(files);
  const results = new Map<string, FileResult>();
  const resultOf = (name: string): FileResult => {
    const known = results.get(name);
    if (known !== undefined) return known;
    const file = files.find((file) => file.name === name) ?? { name, text: '' };
    const result: FileResult = { file, findings: [], units: [] };
    results.set(name, result);
    return result;
  };
  for (const { file, unit } of written.values()) resultOf(file).units.push(unit);
  for (const { rule, file, line, message } of flaws) resultOf(file).findings.push({ rule, file, line, message });

  const entries = entriesByFile(files);
  const directory = policyDirectory(
    { content, written },
    files.some(({ name }) => posix.basename(name) === CEILING_FILE),
  );
  for (const rule of policyRules) {
    if (rule.needsEveryFile && bundle === undefined) continue;
    for (const hit of rule.check(directory, options)) {
      const finding = findingOf(rule.id, hit, entries);
      resultOf(finding.file).findings.push(finding);
    }
  }
  for (const file of files) {
    // Entries matter only for suppressions, so files without any are not parsed.
    if (/\.ya?ml$/.test(file.name) && file.text.includes('tvm-allow')) {
      resultOf(file.name).units.push(...entries(file.name).known.map(({ unit }) => unit));
    }
  }
  return [...results.values()];
}

type EntriesOf = (name: string) => { file: SourceFile; known: Entry[]; lineOf(offset: number): number };

function entriesByFile(files: readonly SourceFile[]): EntriesOf {
  const read = new Map<string, ReturnType<EntriesOf>>();
  return (name) => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const file = files.find((file) => file.name === name || file.name.endsWith(`/${name}`)) ?? { name, text: '' };
    const entries = { file, known: entriesOf(file), lineOf: lineNumbers(file.text) };
    read.set(name, entries);
    return entries;
  };
}

function findingOf(rule: string, hit: PolicyHit, entriesOf: EntriesOf): Finding {
  const { message } = hit;
  if ('policy' in hit) {
    const { file, line, unit } = hit.policy.written;
    return { rule, file, line, message, unit };
  }
  const { file, known, lineOf } = entriesOf(hit.file);
  const entry = known.find(({ path }) => path.join('\n') === hit.entry.join('\n'));
  if (entry === undefined) return { rule, file: file.name, line: 1, message };
  return { rule, file: file.name, line: lineOf(entry.offset), message, unit: entry.unit };
}
