import { posix } from 'node:path';
import { lineNumbers } from '@tvm/core/policy/line-numbers.ts';
import { isTemplate } from '../cloudformation/resources.ts';
import { isKubernetes } from '../kubernetes/objects.ts';
import { isPolicyFile } from '../model/check.ts';
import type { Finding, SourceFile } from '../model/finding.ts';
import { manifestOf } from '../model/read-manifest.ts';
import { regoDenied } from './rego-rule.ts';

/**
 * Evaluates a team's own rules for each document of the manifests and templates. Other files and policy directories are
 * skipped.
 *
 * @param deny the function that `regoRules` returns
 * @throws {RegoError} if the rules cannot be evaluated
 */
export async function regoFindings(
  files: readonly SourceFile[],
  deny: (document: unknown) => Promise<string[]>,
): Promise<Finding[]> {
  const policies = new Set(files.filter(isPolicyFile).map(({ name }) => posix.dirname(name)));
  const findings: Finding[] = [];
  for (const file of files.filter(({ name }) => !policies.has(posix.dirname(name)))) {
    const { name, text } = file;
    const manifest = manifestOf(file);
    // The gate itself reports files that cannot be read.
    if ('problem' in manifest) continue;
    const lineOf = lineNumbers(text);
    for (const { value, start, end } of manifest.documents) {
      if (!isKubernetes(value) && !isTemplate(value)) continue;
      const at = manifest.rangeOf(value)?.start ?? start;
      for (const message of await deny(value)) {
        findings.push({ rule: regoDenied.id, file: name, line: lineOf(at), message, unit: { start, end } });
      }
    }
  }
  return findings;
}
