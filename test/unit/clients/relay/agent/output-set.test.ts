import { outputSet } from 'tokenrelay/agent/output-set.ts';
import type { OutputWriter } from 'tokenrelay/agent/output-writer.ts';
import type { Token } from 'tokenrelay/model/token.ts';
import { expect, it } from 'vitest';

const token = (value: string): Token => ({ values: { token: value }, fetchedAt: 0 });

function recording(name: string, done: string[], beforeWithdrawn?: Promise<void>): OutputWriter {
  return {
    async publish({ values }) {
      done.push(`${name} shows ${values.token}`);
    },
    async withdraw(why) {
      await beforeWithdrawn;
      done.push(`${name} is withdrawn: ${why}`);
    },
    shows: () => true,
    status: () => ({ name }),
    isFailing: () => false,
    look: async () => {},
    tick: () => {},
    dueIn: () => Number.POSITIVE_INFINITY,
  };
}

it('a new output does not get a token that was revoked while an old output was being cleared', async () => {
  const done: string[] = [];
  const cleared = Promise.withResolvers<void>();
  const outputs = outputSet([recording('old', done, cleared.promise)]);
  let current: Token | undefined = token('first');
  const replaced = outputs.replace([recording('new', done)], () => current);
  current = undefined;
  await outputs.withdraw('revoked');
  cleared.resolve();
  await replaced;
  expect(done).toEqual(['new is withdrawn: revoked', 'old is withdrawn: removed from the configuration']);
});

it('a new output keeps the token that was fetched while an old output was being cleared', async () => {
  const done: string[] = [];
  const cleared = Promise.withResolvers<void>();
  const outputs = outputSet([recording('old', done, cleared.promise)]);
  let current = token('first');
  const replaced = outputs.replace([recording('new', done)], () => current);
  current = token('second');
  await outputs.publish(current);
  cleared.resolve();
  await replaced;
  expect(done.at(-1)).toBe('new shows second');
});
