/** `npm run test:localstack`, once the project is installed: the deployed tests, on LocalStack. */
import { notApplicable } from '#test/emulators/not-applicable.ts';
import { installLocalStack } from './localstack/install.ts';
import { prerequisites } from './localstack/prerequisites.mjs';
import { endWithStarter, printFailures, vitest } from './testing/vitest.ts';
import { Failure } from './tools/failure.mjs';

async function main(): Promise<void> {
  endWithStarter();
  const found = prerequisites();
  if ('missing' in found) throw new Failure(`${found.missing}: install it and try again.`);
  await installLocalStack(found);

  // These tests start their own LocalStack, so an emulator that the environment names is ignored.
  delete process.env.AWS_ENDPOINT_URL;
  let { passed, failed, skipped, failures } = await vitest('localstack');
  const listed = notApplicable.LocalStack.flatMap(({ tests }) => tests);
  // Every skipped test must be listed with a reason, and every listed test must exist. Otherwise the list would hide a
  // lost test.
  const unexplained = skipped.filter((name) => !listed.includes(name));
  // If no test ran at all, that is the error to report.
  const unknown = passed + skipped.length === 0 ? [] : listed.filter((name) => !skipped.includes(name));
  const explained = skipped.length - unexplained.length;
  console.log(`\nNot applicable on LocalStack: ${explained} tests.`);
  for (const { reason, tests } of notApplicable.LocalStack) {
    const these = tests.filter((name) => skipped.includes(name));
    if (these.length > 0) console.log(`\n  ${reason}:\n${these.map(line).join('')}`);
  }
  if (unexplained.length > 0)
    console.log(`Skipped, but not listed as not applicable:\n${unexplained.map(line).join('')}`);
  if (unknown.length > 0) console.log(`Listed as not applicable, but not skipped:\n${unknown.map(line).join('')}`);
  printFailures(failures);
  failed += unexplained.length + unknown.length;
  console.log(`${explained} not applicable\n${passed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

const line = (name: string) => `    ${name}\n`;

await main().catch((error: Error) => {
  console.error(error instanceof Failure ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exit(1);
});
