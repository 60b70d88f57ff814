import { type ExternalAuthorizer, refusedBy } from '@tvm/core/external-authorizers/external-authorizer.ts';
import { isServiceUrl } from '@tvm/core/external-authorizers/settings.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { describe, expect, it } from 'vitest';
import { question } from '#test/fakes/authorizer-requests.ts';

const read = question();
const write = question({ action: 'write' });

/** A condition that answers what it is given, whatever the types say. */
function answering(name: string, ...answers: unknown[]): ExternalAuthorizer {
  return { name, allows: async () => answers as boolean[] };
}

describe('refusedBy', () => {
  it('refuses nothing when there is no condition, and nothing when all allow everything', async () => {
    expect(await refusedBy([], [read])).toEqual([]);
    expect(await refusedBy([answering('a', true, true), answering('b', true, true)], [read, write])).toEqual([]);
  });

  it('names each condition that refused, and what', async () => {
    const conditions = [answering('a', true, false), answering('b', true, true), answering('c', false, false)];
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
  ])('takes %j for a refusal: only true allows', async (answer) => {
    expect(await refusedBy([answering('a', answer)], [read])).toEqual([{ condition: 'a', refused: [read] }]);
  });

  it('asks all conditions at once', async () => {
    const both = Promise.withResolvers<void>();
    let asked = 0;
    const patient = (name: string): ExternalAuthorizer => ({
      name,
      async allows() {
        if (++asked === 2) both.resolve();
        await both.promise;
        return [true];
      },
    });
    expect(await refusedBy([patient('a'), patient('b')], [read])).toEqual([]);
  });

  it('fails, and names the condition, when one does not answer, whatever the others say', async () => {
    const down: ExternalAuthorizer = { name: 'down', allows: () => Promise.reject(new TypeError('no route')) };
    const fault = await refusedBy([answering('a', true), down], [read]).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(DependencyFault);
    expect(fault).toMatchObject({ dependency: 'condition down', message: 'condition down failed: TypeError' });
  });

  it.each([[[]], [[true, true]]])('fails when it gives another number of answers: %j', async (answers) => {
    await expect(refusedBy([answering('a', ...answers)], [read])).rejects.toThrow(DependencyFault);
  });
});

describe('a service may be asked', () => {
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
  ])('at %s: %s', (url, may) => expect(isServiceUrl(url)).toBe(may));
});
