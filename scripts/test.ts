/**
 * `npm test`, once everything is installed: all checks, or only the named parts, as in `npm test -- unit`. The last
 * line counts the passed and failed checks.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Count,
  endWithStarter,
  printFailures,
  reports,
  slowest,
  testEnvironment,
  type VitestCount,
  vitest,
} from './testing/vitest.ts';
import { run } from './tools/command.mjs';

/** The result of a part, with its duration if that did not begin with the part's turn. */
type Counted = Count & Partial<VitestCount> & { seconds?: number };

interface Part {
  part: string;
  name: string;
  count: () => Promise<Counted>;
}

const NAMES = ['check', 'unit', 'infra', 'relay', 'deployed'];

/** How many deployments the deployed tests are spread over. */
const DEPLOYMENTS = 2;

/** Returns the wanted parts. If the deployed tests are among them, they start now. */
function wantedParts(): Part[] {
  const all: Part[] = [
    { part: 'check', name: 'lint', count: () => command('biome', ['ci', '.']) },
    { part: 'check', name: 'types', count: () => command('tsc', ['--noEmit', '-p', 'tsconfig.json']) },
    { part: 'check', name: 'generated files', count: () => command('node', ['scripts/generate.ts', '--check']) },
    { part: 'unit', name: 'unit tests', count: () => vitest('unit', { flags: ['--coverage'] }) },
    { part: 'infra', name: 'template tests', count: () => vitest('infra') },
    { part: 'relay', name: 'tests of the TokenRelay process', count: () => vitest('relay') },
    { part: 'deployed', name: 'tests of the deployed service', count: inBackground() },
  ];
  return all.filter(({ part }) => isWanted(part));
}

/**
 * Runs the deployed tests in the background. They mostly wait, so all other parts run meanwhile. Their output is
 * printed when their turn comes.
 */
function inBackground(): () => Promise<Counted> {
  if (!isWanted('deployed')) return () => Promise.resolve({ passed: 0, failed: 0 });
  const shards = Array.from({ length: DEPLOYMENTS }, (_, at) => ({
    shard: `${at + 1}/${DEPLOYMENTS}`,
    log: path.join(reports, `deployed-${at + 1}.log`),
  }));
  const running = timed(async () => {
    const counts = await Promise.all(shards.map((shard) => vitest('deployed', shard)));
    return {
      passed: counts.reduce((sum, { passed }) => sum + passed, 0),
      failed: counts.reduce((sum, { failed }) => sum + failed, 0),
      failures: counts.flatMap(({ failures }) => failures),
      files: counts.flatMap(({ files }) => files),
    };
  });
  return async () => {
    const counted = await running;
    for (const { log } of shards) console.log(readFileSync(log, 'utf8'));
    return counted;
  };
}

function isWanted(part: string): boolean {
  const wanted = process.argv.slice(2);
  return wanted.length === 0 || wanted.includes(part);
}

async function timed(count: () => Promise<Counted>): Promise<Counted & { seconds: number }> {
  const began = performance.now();
  const counted = await count();
  return { seconds: (performance.now() - began) / 1000, ...counted };
}

/** Runs a check that passes or fails as a whole. */
async function command(name: string, args: string[]): Promise<Count> {
  const ok = await run(name, args, { env: testEnvironment() });
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
}

async function main(): Promise<void> {
  endWithStarter();
  const total: Count = { passed: 0, failed: 0 };
  const summary: string[] = [];
  const took: VitestCount['files'] = [];
  const failed: string[] = [];
  const unknown = process.argv.slice(2).filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`Unknown part of the tests: ${unknown.join(', ')}. The parts are ${NAMES.join(', ')}.`);
    process.exit(2);
  }
  for (const { name, count } of wantedParts()) {
    console.log(`\n── ${name} …`);
    const { seconds, files = [], failures = [], ...counted } = await timed(count);
    took.push(...files);
    failed.push(...failures);
    total.passed += counted.passed;
    total.failed += counted.failed;
    const mark = counted.failed === 0 ? '✓' : '✗';
    summary.push(`${mark} ${name}: ${counted.passed} passed, ${counted.failed} failed, ${seconds.toFixed(1)} s`);
  }
  if (took.length > 0) console.log(`\nThe slowest files:\n${slowest(took).join('\n')}`);
  printFailures(failed);
  console.log(`\n${summary.join('\n')}\n\n${total.passed} passed, ${total.failed} failed`);
  process.exit(total.failed === 0 ? 0 : 1);
}

await main();
