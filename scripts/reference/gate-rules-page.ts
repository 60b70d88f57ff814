import type { Rule, SourceFile } from '@tvm/gate/model/finding.ts';
import { rulesById, suppressibleRules } from '@tvm/gate/rules.ts';
import { GENERATED } from './tables.ts';

/** The longest example that is shown whole. */
const LONGEST_EXAMPLE = 2_000;

/** Every rule of `tvm policy check`. */
export function gateRulesPage(): string {
  const rules = [...rulesById.values()];
  return [
    `${GENERATED}# The rules of \`tvm policy check\``,
    '',
    'An error fails the check, a warning is shown (`--strict` makes it fail too).',
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
    'Found in:',
    '',
    fenced(failing),
    '',
    'Not in:',
    '',
    fenced(passing),
    '',
  ].join('\n');
}

function fenced({ name, text }: SourceFile): string {
  const language = name.slice(name.lastIndexOf('.') + 1).replace('yml', 'yaml');
  const shown = text.length > LONGEST_EXAMPLE ? `${text.slice(0, text.indexOf('\n'))}\n# …and so on\n` : text;
  return `\`\`\`${language}\n${shown.trimEnd()}\n\`\`\``;
}

// As GitHub makes them of headings.
function anchor(id: string): string {
  return id.replace(/[^\w-]/g, '');
}
