/** `npm run test:localstack`, once the project is installed: the tests on the deployed machine, on LocalStack. */
import { notApplicable } from '#test/emulators/not-applicable.ts';
import { installLocalStack } from './localstack/install.ts';
import { prerequisites } from './localstack/prerequisites.mjs';
import { endWithStarter, vitest } from './testing/vitest.ts';
import { Failure } from './tools/failure.mjs';

async function main(): Promise<void> {
  endWithStarter();
  const found = prerequisites();
  if ('missing' in found) throw new Failure(`${found.missing}: install what is missing and try again.`);
  await installLocalStack(found);

  // These tests have a LocalStack of their own, whatever else the reader works with: nothing of that goes in.
  delete process.env.AWS_ENDPOINT_URL;
  let { passed, failed, skipped } = await vitest('localstack');
  const listed = notApplicable.LocalStack.flatMap(({ tests }) => tests);
  // A test that is skipped must say why; and what is listed must be a test, or the list would hide its loss.
  const unexplained = skipped.filter((name) => !listed.includes(name));
  // Where nothing ran at all, that is what went wrong.
  const unknown = passed + skipped.length === 0 ? [] : listed.filter((name) => !skipped.includes(name));
  const explained = skipped.length - unexplained.length;
  console.log(`\nNot applicable on LocalStack: ${explained} tests.`);
  for (const { reason, tests } of notApplicable.LocalStack) {
    const these = tests.filter((name) => skipped.includes(name));
    if (these.length > 0) console.log(`\n  ${reason}:\n${these.map(line).join('')}`);
  }
  if (unexplained.length > 0)
    console.log(`Skipped, and not listed as not applicable:\n${unexplained.map(line).join('')}`);
  if (unknown.length > 0) console.log(`Listed as not applicable, and not skipped:\n${unknown.map(line).join('')}`);
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
