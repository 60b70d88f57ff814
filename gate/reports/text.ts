import { styleText } from 'node:util';
import type { CheckResult } from '../model/check.ts';
import { oneLine, withoutCommands } from '../model/one-line.ts';
import { ruleOf } from '../rules.ts';
import { count } from './count.ts';

/** Maximum number of files that are named as not judged. */
const MAX_NAMED = 10;

/**
 * Formats findings for a person: first by file, then the reason and remedy of each rule once, then the files that were
 * not judged, then the counts.
 *
 * @param stream the stream to which the report is written. Only terminals get colors.
 */
export function textReport(result: CheckResult, stream: NodeJS.WritableStream): string {
  const { findings } = result;
  const style = (format: Parameters<typeof styleText>[0], text: string) => styleText(format, text, { stream });
  const severity = (rule: string) => {
    const { severity } = ruleOf(rule);
    return style(severity === 'error' ? 'red' : 'yellow', severity.padEnd('warning'.length));
  };
  const lineWidth = String(Math.max(0, ...findings.map(({ line }) => line))).length;
  const ruleWidth = Math.max(0, ...findings.map(({ rule }) => rule.length));
  const byFile = [...Map.groupBy(findings, ({ file }) => file)].map(([file, inFile]) => {
    const lines = inFile.map(
      ({ line, rule, message }) =>
        `  ${String(line).padStart(lineWidth)}  ${severity(rule)}  ${style('dim', rule.padEnd(ruleWidth))}  ${message}\n`,
    );
    return `${style('bold', fileTitle(file))}\n${lines.join('')}\n`;
  });
  const rules = [...new Set(findings.map(({ rule }) => rule))].sort().map((id) => {
    const { why, instead } = ruleOf(id);
    return `${style('bold', id)}\n  ${why}\n  ${instead}\n\n`;
  });
  return withoutCommands(`${byFile.join('')}${rules.join('')}${total(result)}\n`);
}

// GitHub's runner executes a line of the log that begins with `::`, even after spaces.
function fileTitle(file: string): string {
  const name = oneLine(file).trim();
  return name.startsWith('::') ? `./${name}` : name;
}

function total({ findings, files, unjudged }: CheckResult): string {
  const { errors, warnings } = count(findings);
  const named = unjudged.slice(0, MAX_NAMED).map(fileTitle);
  const more = unjudged.length > named.length ? ` and ${unjudged.length - named.length} more` : '';
  const list = named.length === 0 ? '' : `Not judged: ${named.join(', ')}${more}\n`;
  const judged = `${files - unjudged.length} of ${plural(files, 'file')} judged`;
  return `${list}${plural(errors, 'error')}, ${plural(warnings, 'warning')}; ${judged}`;
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
