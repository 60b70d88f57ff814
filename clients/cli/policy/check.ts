import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RegoError } from '@tvm/core/external-authorizers/rego.ts';
import { judgeFiles } from '@tvm/gate/check-files.ts';
import { notJudged } from '@tvm/gate/file-rules.ts';
import type { CheckResult } from '@tvm/gate/model/check.ts';
import type { Finding, SourceFile } from '@tvm/gate/model/finding.ts';
import { regoFindings } from '@tvm/gate/rego/check-rego.ts';
import { regoRules } from '@tvm/gate/rego/rego-rules.ts';
import { count } from '@tvm/gate/reports/count.ts';
import { githubReport } from '@tvm/gate/reports/github.ts';
import { jsonReport } from '@tvm/gate/reports/json.ts';
import { sarifReport } from '@tvm/gate/reports/sarif.ts';
import { textReport } from '@tvm/gate/reports/text.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { exitCodes } from '../connection/failure.ts';
import type { GlobalOptions } from '../connection/global-options.ts';
import manifest from '../package.json' with { type: 'json' };
import { readFiles } from './files.ts';

/** The format of a report. */
type ReportFormat = 'text' | 'json' | 'sarif' | 'github';

const REPORTS: Record<ReportFormat, (result: CheckResult) => string> = {
  text: (result) => textReport(result, process.stdout),
  json: jsonReport,
  sarif: (result) => sarifReport(result, manifest.version),
  github: githubReport,
};

/** The options of `tvm policy check`. */
export interface CheckCommandOptions extends GlobalOptions {
  format?: ReportFormat;
  allowRegistry?: string[];
  rego?: string;
  regoEntrypoint?: string;
  strict?: boolean;
  failOn?: 'unjudged';
}

/**
 * Checks files and writes the findings.
 *
 * @throws {Failure} if a path cannot be read; the message names it
 */
export async function check(paths: string[], options: CheckCommandOptions): Promise<void> {
  const { output, format = output, allowRegistry, strict, failOn } = options;
  const files = await readFiles(paths.length === 0 ? [existsSync('policies') ? 'policies' : '.'] : paths);
  const today = new Date().toISOString().slice(0, 10);
  const own = await ownFindings(files, options);
  const result = judgeFiles(files, { today, allowedRegistries: allowRegistry }, own);
  const { errors, warnings } = count(result.findings);
  const isUnjudged = result.unjudged.length > 0 || result.findings.some(({ rule }) => rule === notJudged.id);
  const failed = errors > 0 || (strict && warnings > 0) || (failOn === 'unjudged' && isUnjudged);
  // Set the exit code before writing: the reader of the output may close the pipe early.
  process.exitCode = failed ? exitCodes.fault : exitCodes.done;
  process.stdout.write(REPORTS[format](result));
}

/** Returns the findings of the rules in `--rego`. */
async function ownFindings(
  files: readonly SourceFile[],
  { rego, regoEntrypoint = 'main/deny' }: CheckCommandOptions,
): Promise<Finding[]> {
  if (rego === undefined) return [];
  const wasm = await readWasm(rego);
  try {
    return await regoFindings(files, await regoRules(wasm, regoEntrypoint));
  } catch (error) {
    if (!(error instanceof RegoError)) throw error;
    throw usageFailure(`--rego ${rego}: ${error.message}`, '--rego');
  }
}

async function readWasm(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw usageFailure(`--rego ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`, '--rego');
  }
}
