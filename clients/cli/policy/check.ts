import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RegoError } from '@tvm/core/external-authorizers/rego.ts';
import { checkFiles } from '@tvm/gate/check-files.ts';
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

const REPORTS: Record<ReportFormat, (findings: readonly Finding[], files: number) => string> = {
  text: (findings, files) => textReport(findings, files, process.stdout),
  json: jsonReport,
  sarif: (findings) => sarifReport(findings, manifest.version),
  github: githubReport,
};

/** The options of `tvm policy check`. */
export interface CheckCommandOptions extends GlobalOptions {
  format?: ReportFormat;
  allowRegistry?: string[];
  rego?: string;
  regoEntrypoint?: string;
  strict?: boolean;
}

/**
 * Checks files and writes the findings.
 *
 * @throws {Failure} if a path cannot be read; the message names it
 */
export async function check(paths: string[], options: CheckCommandOptions): Promise<void> {
  const { output, format = output, allowRegistry, strict } = options;
  const files = await readFiles(paths.length === 0 ? [existsSync('policies') ? 'policies' : '.'] : paths);
  const today = new Date().toISOString().slice(0, 10);
  const own = await ownFindings(files, options);
  const findings = checkFiles(files, { today, allowedRegistries: allowRegistry }, own);
  const { errors, warnings } = count(findings);
  // Set the exit code before writing: the reader of the output may close the pipe early.
  process.exitCode = errors > 0 || (strict && warnings > 0) ? exitCodes.fault : exitCodes.done;
  process.stdout.write(REPORTS[format](findings, files.length));
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
