import { existsSync } from 'node:fs';
import { checkFiles } from '../../gate/check-files.ts';
import type { Finding } from '../../gate/finding.ts';
import { count } from '../../gate/reports/count.ts';
import { githubReport } from '../../gate/reports/github.ts';
import { jsonReport } from '../../gate/reports/json.ts';
import { sarifReport } from '../../gate/reports/sarif.ts';
import { textReport } from '../../gate/reports/text.ts';
import manifest from '../../package.json' with { type: 'json' };
import { exitCodes } from './failure.ts';
import { readFiles } from './policy-files.ts';
import type { GlobalOptions } from './program.ts';

/** How findings are written. */
type ReportFormat = 'text' | 'json' | 'sarif' | 'github';

const REPORTS: Record<ReportFormat, (findings: readonly Finding[], files: number) => string> = {
  text: (findings, files) => textReport(findings, files, process.stdout),
  json: jsonReport,
  sarif: (findings) => sarifReport(findings, manifest.version),
  github: githubReport,
};

/** What `tvm policy check` is told. */
export interface CheckCommandOptions extends GlobalOptions {
  format?: ReportFormat;
  allowRegistry?: string[];
  strict?: boolean;
}

/**
 * Judges files and writes what is found.
 *
 * @throws {Failure} naming the path that cannot be read
 */
export async function check(paths: string[], options: CheckCommandOptions): Promise<void> {
  const { output, format = output, allowRegistry, strict } = options;
  const files = await readFiles(paths.length === 0 ? [existsSync('policies') ? 'policies' : '.'] : paths);
  const today = new Date().toISOString().slice(0, 10);
  const findings = checkFiles(files, { today, allowedRegistries: allowRegistry });
  const { errors, warnings } = count(findings);
  // Before anything is written: who reads the output may not read it to its end.
  process.exitCode = errors > 0 || (strict && warnings > 0) ? exitCodes.fault : exitCodes.done;
  process.stdout.write(REPORTS[format](findings, files.length));
}
