import { readFileSync } from 'node:fs';
import { RegoError } from '@tvm/core/external-authorizers/rego.ts';
import { regoRules } from '@tvm/gate/rego/rego-rules.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

const wasm = readFileSync('test/fixtures/opa/manifests.wasm');

const deployment = (image: string, labels: string) =>
  parse(`
kind: Deployment
metadata: { name: orders, labels: ${labels} }
spec: { template: { spec: { containers: [{ name: orders, image: ${image} }] } } }
`);

describe('a team’s own rules', () => {
  it('return messages, as strings or as objects with msg', async () => {
    const deny = await regoRules(wasm, 'main/deny');
    expect((await deny(deployment('docker.io/orders', '{}'))).sort()).toEqual([
      'a Deployment needs an owner',
      'the image docker.io/orders is not of our registry',
    ]);
  });

  it('return nothing for documents that comply or are of other kinds', async () => {
    const deny = await regoRules(wasm, 'main/deny');
    expect(await deny(deployment('registry.example.com/orders', '{ owner: orders }'))).toEqual([]);
    expect(await deny(null)).toEqual([]);
    expect(await deny([1])).toEqual([]);
    const text = await regoRules(wasm, 'main/text');
    expect(await text({})).toEqual([]);
  });

  it('fail if they do not return messages', async () => {
    const unreadable = await regoRules(wasm, 'main/unreadable');
    await expect(unreadable({ kind: 'Pod' })).rejects.toThrow(
      new RegoError('main/unreadable must contain strings or objects with msg, not 1'),
    );
    const text = await regoRules(wasm, 'main/text');
    await expect(text({ kind: 'Pod' })).rejects.toThrow('main/text must be a set of messages, not "no list"');
  });

  it('are refused without the entrypoint', async () => {
    await expect(regoRules(wasm, 'main/warn')).rejects.toThrow('has no entrypoint main/warn');
  });
});
