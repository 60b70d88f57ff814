import type { CheckResult } from '../model/check.ts';
import type { Rule } from '../model/finding.ts';
import { ruleOf } from '../rules.ts';

/**
 * Formats findings as SARIF 2.1.0, which code scanning services read.
 *
 * @param version the version of this program
 * @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function sarifReport({ findings, unjudged }: CheckResult, version: string): string {
  const ids = [...new Set(findings.map(({ rule }) => rule))].sort();
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'tvm policy check', version, rules: ids.map((id) => describe(ruleOf(id))) } },
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: unjudged.map((file) => ({
              level: 'note',
              message: { text: 'the file was not judged' },
              locations: [{ physicalLocation: { artifactLocation: { uri: toUri(file) } } }],
            })),
          },
        ],
        columnKind: 'utf16CodeUnits',
        results: findings.map(({ rule, file, line, message }) => ({
          ruleId: rule,
          ruleIndex: ids.indexOf(rule),
          level: ruleOf(rule).severity,
          message: { text: message },
          locations: [{ physicalLocation: { artifactLocation: { uri: toUri(file) }, region: { startLine: line } } }],
        })),
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function describe({ id, severity, title, why, instead }: Rule) {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: instead },
    defaultConfiguration: { level: severity },
  };
}

function toUri(file: string): string {
  const path = file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
  return path.startsWith('/') ? `file://${path}` : path;
}
