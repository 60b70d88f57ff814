import { styleText } from 'node:util';
import { isCaseFile, readCases } from '@tvm/gate/policies/cases/case-file.ts';
import { type CaseRun, runCases } from '@tvm/gate/policies/cases/run-cases.ts';
import { usageFailure } from '@tvm/terminal/failure.ts';
import { type OutputFormat, writeJson } from '@tvm/terminal/output.ts';
import { printable } from '@tvm/terminal/printable.ts';
import { exitCodes } from '../connection/failure.ts';
import { readPolicyDirectory, refuseFlaws } from './source.ts';

/**
 * Runs the test cases of a policy directory and writes the results.
 *
 * @throws {Failure} if policies or cases cannot be read, or there are no cases
 */
export async function test(directory: string, output: OutputFormat, requireCoverage: boolean): Promise<void> {
  const { bundle, files } = await readPolicyDirectory(directory);
  const read = files.filter(isCaseFile).map(readCases);
  refuseFlaws(read.flatMap(({ flaws }) => flaws));
  const cases = read.flatMap((file) => file.cases);
  if (cases.length === 0) throw usageFailure(`${directory} has no test case: write one in a .test.yaml file`, 'DIR');

  const run = await runCases(bundle, cases);
  const failed = run.results.filter(({ faults }) => faults.length > 0).length;
  const short = requireCoverage && run.uncovered.length > 0;
  process.exitCode = failed > 0 || short ? exitCodes.fault : exitCodes.done;
  if (output === 'json') {
    writeJson({
      passed: run.results.length - failed,
      failed,
      cases: run.results.map(({ case: { name, file, line }, faults }) => ({ name, file, line, faults })),
      uncovered: run.uncovered,
    });
    return;
  }
  writeRun(run, failed, Object.keys(bundle.policies).length);
}

function writeRun({ results, uncovered }: CaseRun, failed: number, policies: number): void {
  const out = process.stdout;
  const line = (text: string) => out.write(`${text}\n`);
  for (const { case: one, faults } of results) {
    const passed = faults.length === 0;
    const mark = styleText(passed ? 'green' : 'red', passed ? 'ok  ' : 'FAIL', { stream: out });
    line(`${mark} ${printable(one.name)}${passed ? '' : ` (${printable(one.file)}:${one.line})`}`);
    for (const fault of faults) line(`     ${printable(fault)}`);
  }
  line(
    `${results.length - failed} passed, ${failed} failed; ${policies - uncovered.length} of ${policies} policies reached`,
  );
  if (uncovered.length > 0) line(`no case reaches: ${printable(uncovered.join(', '))}`);
}
