import type { Rule, SourceFile } from '@tvm/gate/model/finding.ts';
import { rulesById, suppressibleRules } from '@tvm/gate/rules.ts';
import { GENERATED } from './tables.ts';

/** Maximum length of an example that is shown completely, in characters. */
const LONGEST_EXAMPLE = 2_000;

/** Returns the reference page of the rules of `tvm policy check`. */
export function gateRulesPage(): string {
  const rules = [...rulesById.values()];
  return [
    `${GENERATED}# The rules of \`tvm policy check\``,
    '',
    'An error makes the check fail. A warning is only shown, unless `--strict` is given.',
    '',
    '| rule | severity | forbids |',
    '| --- | --- | --- |',
    ...rules.map(({ id, severity, title }) => `| [\`${id}\`](#${anchor(id)}) | ${severity} | ${title} |`),
    '',
    ...rules.map(section),
  ].join('\n');
}

function section(rule: Rule): string {
  const { id, severity, title, why, instead, failing, passing } = rule;
  const suppressed = suppressibleRules.has(id) ? '' : ' It cannot be suppressed.';
  return [
    `## ${id}`,
    '',
    `${severity === 'error' ? 'Error' : 'Warning'}: ${title}.${suppressed}`,
    '',
    why,
    '',
    instead,
    '',
    'Fails:',
    '',
    fenced(failing),
    '',
    'Passes:',
    '',
    fenced(passing),
    '',
  ].join('\n');
}

function fenced({ name, text }: SourceFile): string {
  const language = name.slice(name.lastIndexOf('.') + 1).replace('yml', 'yaml');
  const shown = text.length > LONGEST_EXAMPLE ? `${text.slice(0, text.indexOf('\n'))}\n# (shortened)\n` : text;
  return `\`\`\`${language}\n${shown.trimEnd()}\n\`\`\``;
}

/** Returns the anchor that GitHub generates for a heading. */
function anchor(id: string): string {
  return id.replace(/[^\w-]/g, '');
}
