/** `npm test`, once everything is installed: every check there is, and a last line that counts them. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { findPython, installVenv, relayClients, venvMatches } from './install/python-venv.mjs';
import { installRustyVault } from './install/rusty-vault.mjs';
import { run, runLogged } from './tools/command.mjs';
import { Failure } from './tools/failure.mjs';
import { localDir } from './tools/paths.mjs';

interface Count {
  passed: number;
  failed: number;
  /** How long it took, where that is not since it was its turn. */
  seconds?: number;
}

/** What is read of vitest's JSON report. */
interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[];
}

const reports = path.join(localDir, 'test');

/**
 * No test may reach a real AWS account or a running demonstration, so nothing of the reader's AWS configuration goes
 * in; only an emulator that AWS_ENDPOINT_URL names on purpose, and not by our own environment files, does.
 */
const chosen = process.env.AWS_ENDPOINT_URL && !process.env.TVM_ISSUER;
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => chosen || !/^(AWS|TVM)_/.test(name))),
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
};

const parts: [name: string, count: () => Promise<Count>][] = [
  ['lint', () => command('biome', ['ci', '.'])],
  ['types', () => command('tsc', ['--noEmit', '-p', 'tsconfig.json'])],
  ['generated files', () => command('node', ['scripts/generate.ts', '--check'])],
  ['unit tests', () => vitest('unit')],
  ['template tests', () => vitest('infra')],
  ['tests of TokenRelay as it runs', () => relay()],
  ['tests on the deployed machine', () => deployed()],
];

/** They wait more than they work: all other parts run meanwhile. Their output comes when it is their turn. */
const deployedLog = path.join(reports, 'deployed.log');
const deployedRun = timed(() => vitest('deployed', {}, deployedLog));

async function deployed(): Promise<Count> {
  const count = await deployedRun;
  console.log(readFileSync(deployedLog, 'utf8'));
  return count;
}

async function timed(count: () => Promise<Count>): Promise<Required<Count>> {
  const began = performance.now();
  const counted = await count();
  return { seconds: (performance.now() - began) / 1000, ...counted };
}

/** Why RustyVault is not there, if it is not; or what went wrong. */
async function relayPartners(): Promise<string | undefined> {
  if (!venvMatches(relayClients)) await installVenv(relayClients, findPython());
  return installRustyVault();
}

/** What they are tried with is installed when the parts that need both processors are over. */
async function relay(): Promise<Count> {
  try {
    const missing = await relayPartners();
    return await vitest('relay', missing === undefined ? {} : { RUSTY_VAULT_MISSING: missing });
  } catch (error) {
    console.error(error instanceof Failure ? error.message : error);
    return { passed: 0, failed: 1 };
  }
}

/** A check that passes or fails as a whole. */
async function command(name: string, args: string[]): Promise<Count> {
  const ok = await run(name, args, { env });
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

/**
 * @param project of vitest.config.ts
 * @param log where its output goes in place of the reader's sight
 */
async function vitest(project: string, more: NodeJS.ProcessEnv = {}, log?: string): Promise<Count> {
  const report = path.join(reports, `${project}.json`);
  mkdirSync(reports, { recursive: true });
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const args = ['run', `--project=${project}`, ...reporters];
  const options = { env: { ...env, ...more } };
  const ok =
    log === undefined ? await run('vitest', args, options) : (await runLogged('vitest', args, { ...options, log })).ok;
  const count = readReport(report);
  // A run that failed as a whole, or ran nothing, has failed even when no single test has.
  if ((!ok && count.failed === 0) || count.passed + count.failed === 0) count.failed += 1;
  return count;
}

function readReport(report: string): Count {
  try {
    const { numPassedTests, numFailedTests, testResults }: VitestReport = JSON.parse(readFileSync(report, 'utf8'));
    // A file that could not even be loaded has no failed test to count.
    const broken = testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    return { passed: numPassedTests, failed: numFailedTests + broken.length };
  } catch {
    return { passed: 0, failed: 0 };
  }
}

async function main(): Promise<void> {
  // What runs is tied to this process and ends with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  process.once('disconnect', () => process.exit(1));
  process.channel?.unref();

  const total: Count = { passed: 0, failed: 0 };
  const summary: string[] = [];
  for (const [name, count] of parts) {
    console.log(`\n── ${name} …`);
    const { passed, failed, seconds } = await timed(count);
    total.passed += passed;
    total.failed += failed;
    summary.push(`${failed === 0 ? '✓' : '✗'} ${name}: ${passed} passed, ${failed} failed, ${seconds.toFixed(1)} s`);
  }
  console.log(`\n${summary.join('\n')}\n\n${total.passed} passed, ${total.failed} failed`);
  process.exit(total.failed === 0 ? 0 : 1);
}

await main();
