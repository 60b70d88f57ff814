import type { CheckResult } from '../model/check.ts';
import { oneLine, withoutCommands } from '../model/one-line.ts';
import { ruleOf } from '../rules.ts';

/**
 * Formats findings as GitHub workflow commands. GitHub shows each finding at its line in the pull request.
 *
 * @see https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message
 */
export function githubReport({ findings }: CheckResult): string {
  return findings
    .map(({ rule, file, line, message }) => {
      const { severity, instead } = ruleOf(rule);
      const properties = `file=${property(oneLine(file))},line=${line},title=${property(rule)}`;
      return `::${severity} ${properties}::${data(`${message}. ${instead}`)}\n`;
    })
    .join('');
}

function data(text: string): string {
  return withoutCommands(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
