import { type ExternalAuthorizer, refusedBy } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { isServiceUrl } from '@tvm/core/external-authorizers/settings.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { describe, expect, it } from 'vitest';
import { question } from '#test/fakes/authorizer-requests.ts';

const read = question();
const write = question({ action: 'write' });

/** An external authorizer that returns the given values, even if their types are wrong. */
function returning(name: string, ...answers: unknown[]): ExternalAuthorizer {
  return { name, allows: async () => answers as boolean[] };
}

describe('refusedBy', () => {
  it('is empty without external authorizers, and if all of them allow everything', async () => {
    expect(await refusedBy([], [read])).toEqual([]);
    expect(await refusedBy([returning('a', true, true), returning('b', true, true)], [read, write])).toEqual([]);
  });

  it('lists each external authorizer that denied, with the denied requests', async () => {
    const conditions = [returning('a', true, false), returning('b', true, true), returning('c', false, false)];
    expect(await refusedBy(conditions, [read, write])).toEqual([
      { condition: 'a', refused: [write] },
      { condition: 'c', refused: [read, write] },
    ]);
  });

  it.each([
    ['yes'],
    [1],
    [null],
    [undefined],
    [{}],
    [[true]],
  ])('treats %j as a denial, because only true allows', async (answer) => {
    expect(await refusedBy([returning('a', answer)], [read])).toEqual([{ condition: 'a', refused: [read] }]);
  });

  it('calls all external authorizers concurrently', async () => {
    const both = Promise.withResolvers<void>();
    let calls = 0;
    const patient = (name: string): ExternalAuthorizer => ({
      name,
      async allows() {
        if (++calls === 2) both.resolve();
        await both.promise;
        return [true];
      },
    });
    expect(await refusedBy([patient('a'), patient('b')], [read])).toEqual([]);
  });

  it('fails with the name of an external authorizer that fails, even if the others decide', async () => {
    const down: ExternalAuthorizer = { name: 'down', allows: () => Promise.reject(new TypeError('no route')) };
    const fault = await refusedBy([returning('a', true), down], [read]).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(DependencyFault);
    expect(fault).toMatchObject({ dependency: 'condition down', message: 'condition down failed: TypeError' });
  });

  it.each([[[]], [[true, true]]])('fails if the number of decisions is wrong: %j', async (answers) => {
    await expect(refusedBy([returning('a', ...answers)], [read])).rejects.toThrow(DependencyFault);
  });
});

describe('isServiceUrl', () => {
  it.each([
    ['https://opa.example.com', true],
    ['https://opa.example.com:8443/tenant', true],
    ['http://127.0.0.1:8181', true],
    ['http://localhost:8181', true],
    ['http://[::1]:8181', true],
    ['http://opa.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['http://localhost.example.com', false],
    ['https://user:secret@opa.example.com', false],
    ['https://opa.example.com/', false],
    ['https://opa.example.com?x=1', false],
    ['https://opa.example.com#x', false],
    ['ftp://opa.example.com', false],
    ['opa.example.com', false],
    ['', false],
  ])('%s: %s', (url, may) => expect(isServiceUrl(url)).toBe(may));
});
