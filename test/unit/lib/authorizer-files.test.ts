import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { authorizerFiles } from '#lib/config/authorizer-files.ts';
import { ConfigError } from '#lib/config/config.ts';

const fixtures = pathToFileURL('test/fixtures/opa/');
const condition = { name: 'office', type: 'opa-wasm', file: 'policy.wasm', entrypoint: 'tvm/condition/allow' } as const;

describe('the files for external authorizers', () => {
  it('is an empty list without external authorizers', async () => {
    expect(await authorizerFiles([], fixtures)).toEqual({ 'conditions.json': '[]' });
  });

  it('are the settings, each policy, and its data', async () => {
    const project = mkdtempSync(join(tmpdir(), 'tvm-project-'));
    onTestFinished(() => rmSync(project, { recursive: true }));
    writeFileSync(join(project, 'policy.wasm'), readFileSync('test/fixtures/opa/policy.wasm'));
    writeFileSync(join(project, 'closed.json'), '{ "closed": [] }\n');
    const authzen = { name: 'risk', type: 'authzen', url: 'https://pdp.example.com', timeout_ms: 500 } as const;
    const conditions = [{ ...condition, data: 'closed.json' }, authzen];
    expect(await authorizerFiles(conditions, pathToFileURL(`${project}/`))).toEqual({
      'conditions.json': JSON.stringify(conditions),
      'office.wasm': readFileSync('test/fixtures/opa/policy.wasm'),
      'office.data.json': '{"closed":[]}',
    });
  });

  it.each([
    ['a missing file', { file: 'nothing.wasm' }, 'conditions: office: nothing.wasm does not exist'],
    ['missing data', { data: 'nothing.json' }, 'conditions: office: nothing.json does not exist'],
    ['data that is not JSON', { data: 'policy.rego' }, 'conditions: office: policy.rego is not JSON'],
    [
      'a file that is not a policy',
      { file: 'policy.rego' },
      'conditions: office: policy.rego is not a policy compiled with opa',
    ],
    [
      'a missing rule',
      { entrypoint: 'tvm/condition/deny' },
      'conditions: office: policy.wasm has no entrypoint tvm/condition/deny',
    ],
    [
      'a policy that could never be evaluated',
      { file: 'clock.wasm', entrypoint: 'tvm/clock/allow' },
      'conditions: office: clock.wasm calls time.now_ns',
    ],
  ])('fail with %s, so that it is not deployed', async (_, change, sentence) => {
    const deploying = await authorizerFiles([{ ...condition, ...change }], fixtures).catch((error: unknown) => error);
    expect(deploying).toBeInstanceOf(ConfigError);
    expect((deploying as Error).message).toContain(sentence);
  });
});
