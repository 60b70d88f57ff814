/** `npm test`, once everything is installed: every check there is, and a last line that counts them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findPython, installVenv, relayClients, venvMatches } from './install/python-venv.mjs';
import { installRustyVault } from './install/rusty-vault.mjs';
import { type Count, endWithStarter, reports, testEnvironment, vitest } from './testing/vitest.ts';
import { run } from './tools/command.mjs';
import { Failure } from './tools/failure.mjs';

const parts: [name: string, count: () => Promise<Count>][] = [
  ['lint', () => command('biome', ['ci', '.'])],
  ['types', () => command('tsc', ['--noEmit', '-p', 'tsconfig.json'])],
  ['generated files', () => command('node', ['scripts/generate.ts', '--check'])],
  ['unit tests', () => vitest('unit')],
  ['template tests', () => vitest('infra')],
  ['recipes for resource servers', () => vitest('recipes')],
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
  const ok = await run(name, args, { env: testEnvironment() });
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

async function main(): Promise<void> {
  endWithStarter();
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
