import { readFileSync } from 'node:fs';
import { loadRego, RegoError } from '@tvm/core/external-authorizers/rego.ts';
import { describe, expect, it } from 'vitest';
import { question } from '#test/fakes/authorizer-requests.ts';

const wasm = readFileSync('test/fixtures/opa/policy.wasm');
const clock = readFileSync('test/fixtures/opa/clock.wasm');

describe('a policy in WebAssembly', () => {
  it('returns the value of its rule, or undefined if the rule is undefined', async () => {
    const allow = await loadRego(wasm, 'tvm/condition/allow');
    expect(await allow.evaluate(question())).toBe(true);
    expect(await allow.evaluate(question({ action: 'assume' }))).toBeUndefined();
    expect(await (await loadRego(wasm, 'tvm/condition/words')).evaluate(question())).toBe('yes');
  });

  it('uses its data in every evaluation', async () => {
    const allow = await loadRego(wasm, 'tvm/condition/allow', { closed: ['orders-db/payments'] });
    const payments = question({ resource: { id: 'orders-db/payments/2026' } });
    for (let round = 0; round < 3; round++) {
      expect(await allow.evaluate(payments)).toBeUndefined();
      expect(await allow.evaluate(question())).toBe(true);
    }
  });

  it.each([null, undefined, false, 0, '', []])('accepts %j as input', async (input) => {
    const allow = await loadRego(wasm, 'tvm/condition/allow');
    expect(await allow.evaluate(input)).toBeUndefined();
  });

  it('fails because of conflicting values, and can be evaluated again after any number of failures', async () => {
    const torn = await loadRego(wasm, 'tvm/condition/torn');
    // A single instance would overflow its stack after about 500 failures.
    for (let round = 0; round < 600; round++) {
      await expect(torn.evaluate(question())).rejects.toThrow(/^could not be evaluated: policy\.rego:.*conflict/);
    }
    expect(await torn.evaluate({})).toBeUndefined();
  });

  it('fails if it exceeds its memory', async () => {
    const hungry = await loadRego(wasm, 'tvm/condition/hungry');
    await expect(hungry.evaluate({})).rejects.toThrow(new RegoError('could not be evaluated: opa_malloc: failed'));
  });

  it('cannot be loaded if the entrypoint is missing, a function is not available, or the file is not a policy', async () => {
    await expect(loadRego(wasm, 'tvm/condition/allows')).rejects.toThrow(
      'has no entrypoint tvm/condition/allows; its entrypoints are tvm/condition/allow, tvm/condition/hungry',
    );
    await expect(loadRego(clock, 'tvm/clock/allow')).rejects.toThrow('calls time.now_ns, which');
    await expect(loadRego(Buffer.from('package tvm'), 'a')).rejects.toThrow(RegoError);
  });
});
