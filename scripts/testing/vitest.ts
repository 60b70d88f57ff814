import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { run, runLogged } from '../tools/command.mjs';
import { localDir, root } from '../tools/paths.mjs';

/** The numbers of passed and failed tests. */
export interface Count {
  passed: number;
  failed: number;
}

/** The results of one of vitest's projects. */
export interface VitestCount extends Count {
  /** The tests that were skipped, as in `test/e2e/policy.test.ts > a describe > a test`. */
  skipped: string[];
  /** The failed tests, in the same form, each with the first line of its error. */
  failures: string[];
  /** The duration of each file's tests, in seconds. */
  files: { name: string; seconds: number }[];
}

/** The part of vitest's JSON report that is read. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: {
    name: string;
    status: string;
    /** The error of a file that could not be loaded. */
    message: string;
    /** Milliseconds since the epoch, as is `endTime`. */
    startTime: number;
    endTime: number;
    assertionResults: TestResult[];
  }[];
}

interface TestResult {
  status: string;
  title: string;
  ancestorTitles: string[];
  failureMessages?: string[];
}

/** The folder for the files that the tests leave behind: reports and logs. */
export const reports = path.join(localDir, 'test');

/**
 * Returns the environment of the tests. Tests must not reach a real AWS account or a running demonstration, so the
 * user's AWS configuration is excluded. The exception is an emulator that the user names in AWS_ENDPOINT_URL, unless
 * this project's environment files set that variable.
 */
export function testEnvironment(): NodeJS.ProcessEnv {
  const chosen = process.env.AWS_ENDPOINT_URL && !process.env.TVM_ISSUER;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => chosen || !/^(AWS|TVM)_/.test(name))),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** @returns one line for each of the ten files whose tests took longest */
export function slowest(files: VitestCount['files']): string[] {
  const ten = files.toSorted((one, other) => other.seconds - one.seconds).slice(0, 10);
  return ten.map(({ name, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${name}`);
}

/**
 * @param project a project of vitest.config.ts
 * @param env additional environment variables
 * @param log file for the output, instead of the terminal
 * @param flags additional options of vitest's command line
 * @param shard the part of the project's files to run, as in `1/2`
 */
export async function vitest(
  project: string,
  {
    env = {},
    log,
    flags = [],
    shard,
  }: { env?: NodeJS.ProcessEnv; log?: string; flags?: string[]; shard?: string } = {},
): Promise<VitestCount> {
  const report = path.join(reports, `${project}${shard === undefined ? '' : `-${shard.replace('/', '-of-')}`}.json`);
  mkdirSync(reports, { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = [
    'run',
    `--project=${project}`,
    ...reporters,
    ...(shard === undefined ? [] : [`--shard=${shard}`]),
    ...flags,
  ];
  const options = { env: { ...testEnvironment(), ...env } };
  const ok =
    log === undefined ? await run('vitest', args, options) : (await runLogged('vitest', args, { ...options, log })).ok;
  const count = readReport(report);
  // A run that failed as a whole, or ran no test, has failed even if no single test has.
  if ((!ok && count.failed === 0) || count.passed + count.failed === 0) {
    count.failed += 1;
    count.failures.push(`${project}: the run failed as a whole; its output has the reason`);
  }
  return count;
}

function readReport(report: string): VitestCount {
  try {
    const { numPassedTests, numFailedTests, testResults }: VitestReport = JSON.parse(readFileSync(report, 'utf8'));
    // A file that could not be loaded has no failed test to count.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    const skipped = testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status !== 'passed' && status !== 'failed')
        .map((test) => titleOf(name, test)),
    );
    const failures = [
      ...broken.map(({ name, message }) => `${path.relative(root, name)}: ${firstLine(message)}`),
      ...testResults.flatMap(({ name, assertionResults }) =>
        assertionResults
          .filter(({ status }) => status === 'failed')
          .map((test) => `${titleOf(name, test)}: ${firstLine(test.failureMessages?.[0])}`),
      ),
    ];
    const files = testResults.map(({ name, startTime, endTime }) => ({
      name: path.relative(root, name),
      seconds: (endTime - startTime) / 1000,
    }));
    return { passed: numPassedTests, failed: numFailedTests + broken.length, skipped, failures, files };
  } catch {
    return { passed: 0, failed: 0, skipped: [], failures: [], files: [] };
  }
}

function titleOf(file: string, { ancestorTitles, title }: TestResult): string {
  return [path.relative(root, file), ...ancestorTitles, title].join(' > ');
}

function firstLine(message = ''): string {
  return stripVTControlCharacters(message).split('\n', 1)[0]?.slice(0, 300) ?? '';
}

/** Prints one line for each failed test, so that the last lines of a long output name them. */
export function printFailures(failures: readonly string[]): void {
  if (failures.length > 0) console.log(`\n${failures.map((failure) => `✗ ${failure}`).join('\n')}`);
}

/**
 * Exits when the starter of this process exits or is interrupted. The commands that run here are tied to this process
 * and stop with it.
 */
export function endWithStarter(): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();
}
