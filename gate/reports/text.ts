import { styleText } from 'node:util';
import type { Finding } from '../model/finding.ts';
import { oneLine, withoutCommands } from '../model/one-line.ts';
import { ruleOf } from '../rules.ts';
import { count } from './count.ts';

/**
 * Formats findings for a person: first by file, then the reason and remedy of each rule once, then the counts.
 *
 * @param files the number of checked files
 * @param stream the stream to which the report is written. Only terminals get colors.
 */
export function textReport(findings: readonly Finding[], files: number, stream: NodeJS.WritableStream): string {
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
  return withoutCommands(`${byFile.join('')}${rules.join('')}${total(findings, files)}\n`);
}

// GitHub's runner executes a line of the log that begins with `::`, even after spaces.
function fileTitle(file: string): string {
  const name = oneLine(file).trim();
  return name.startsWith('::') ? `./${name}` : name;
}

function total(findings: readonly Finding[], files: number): string {
  const { errors, warnings } = count(findings);
  return `${plural(errors, 'error')}, ${plural(warnings, 'warning')} in ${plural(files, 'file')}`;
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
