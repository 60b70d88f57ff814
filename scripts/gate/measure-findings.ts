// Counts the findings of `tvm policy check` in a folder of manifests and templates. docs/explanation/gate.md states the results for public collections.
//
//   node scripts/gate/measure-findings.ts FOLDER [RULE]
//
// With a rule, only its findings are listed, including warnings.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { checkFiles } from '@tvm/gate/check-files.ts';
import { isTemplate } from '@tvm/gate/cloudformation/resources.ts';
import { isKubernetes } from '@tvm/gate/kubernetes/objects.ts';
import { readManifest } from '@tvm/gate/model/read-manifest.ts';
import { ruleOf } from '@tvm/gate/rules.ts';

const [folder, onlyRule] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node scripts/gate/measure-findings.ts FOLDER [RULE]');
  process.exit(2);
}

const today = new Date().toISOString().slice(0, 10);
const listed: string[] = [];
const findingsByRule = new Map<string, number>();
const filesByRule = new Map<string, Set<string>>();
let files = 0;
let judged = 0;
let withErrors = 0;

for (const name of globSync('**/*.{yaml,yml,json,template}', { cwd: folder }).sort()) {
  const text = readFileSync(path.join(folder, name), 'utf8');
  files++;
  if (isManifest(text)) judged++;
  // Each file is checked separately, so that a folder with a Cedar schema does not hide its templates.
  const findings = checkFiles([{ name, text, found: true }], { today });
  if (findings.some(({ rule }) => ruleOf(rule).severity === 'error')) withErrors++;
  for (const { rule, line, message } of findings) {
    findingsByRule.set(rule, (findingsByRule.get(rule) ?? 0) + 1);
    filesByRule.set(rule, (filesByRule.get(rule) ?? new Set()).add(name));
    if (onlyRule === undefined ? ruleOf(rule).severity === 'error' : rule === onlyRule) {
      listed.push(`${rule}\t${name}:${line}\t${message}`);
    }
  }
}

console.log(`${files} files, ${judged} manifests or templates, ${withErrors} with errors`);
const rules = [...findingsByRule].toSorted(([, a], [, b]) => b - a);
for (const [rule, count] of rules) {
  console.log(`${ruleOf(rule).severity}\t${rule}\t${count} in ${filesByRule.get(rule)?.size ?? 0} files`);
}
console.log(listed.toSorted().join('\n'));

function isManifest(text: string): boolean {
  const manifest = readManifest(text);
  return 'documents' in manifest && manifest.documents.some(({ value }) => isKubernetes(value) || isTemplate(value));
}
