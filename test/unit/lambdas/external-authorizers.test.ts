import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { refusedBy } from '@tvm/core/external-authorizers/external-authorizer.ts';
import type { AuthorizerSettings } from '@tvm/core/external-authorizers/settings.ts';
import { DependencyFault } from '@tvm/core/ports.ts';
import { expect, it, onTestFinished } from 'vitest';
import { externalAuthorizers, readExternalAuthorizers } from '#lambdas/adapters/authorizers/external-authorizers.ts';
import { question } from '../../fakes/authorizer-requests.ts';
import { decisionService } from '../../fakes/decision-service.ts';

const wasm = readFileSync('test/fixtures/opa/policy.wasm');
const rego = (rule: string): AuthorizerSettings => ({
  type: 'opa-wasm',
  name: rule,
  entrypoint: `tvm/condition/${rule}`,
});
const load = (...settings: AuthorizerSettings[]) => externalAuthorizers(settings, () => wasm, Date);

it('are loaded from the files next to the code', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tvm-conditions-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const settings: AuthorizerSettings[] = [
    { type: 'opa-wasm', name: 'closing', entrypoint: 'tvm/condition/allow', data: 'closed.json' },
  ];
  writeFileSync(join(directory, 'conditions.json'), JSON.stringify(settings));
  writeFileSync(join(directory, 'closing.wasm'), wasm);
  writeFileSync(join(directory, 'closing.data.json'), '{"closed":["orders-db/orders"]}');
  const conditions = await readExternalAuthorizers(pathToFileURL(join(directory, 'index.mjs')).href);
  const payments = question({ resource: { id: 'orders-db/payments' } });
  expect(await refusedBy(conditions, [question(), payments])).toEqual([
    { condition: 'closing', refused: [question()] },
  ]);
});

it('evaluate Rego in the function, and call OPA and AuthZEN services', async () => {
  const opa = await decisionService(() => ({ result: true }));
  const authzen = await decisionService(() => ({ decision: false }));
  const conditions = await load(
    rego('allow'),
    { type: 'opa-rest', name: 'opa', url: opa.url, path: 'a', timeout_ms: 500 },
    { type: 'authzen', name: 'authzen', url: authzen.url, timeout_ms: 500, cache: 30 },
  );
  for (let round = 0; round < 2; round++) {
    expect(await refusedBy(conditions, [question()])).toEqual([{ condition: 'authzen', refused: [question()] }]);
  }
  expect(opa.received).toHaveLength(2);
  expect(authzen.received).toHaveLength(1);
});

it('in Rego deny if the value is undefined or not true', async () => {
  const conditions = await load(rego('allow'), rego('words'), rego('reasons'), rego('in_office_hours'));
  const atNight = question({ action: 'write', context: { lifetime: 301, time: '2026-01-01T18:00:00.000Z' } });
  const refusals = await refusedBy(conditions, [atNight]);
  expect(refusals.map(({ condition }) => condition)).toEqual(['allow', 'words', 'reasons', 'in_office_hours']);
  const byDay = question({ action: 'write', context: { time: '2026-01-01T08:00:00.000Z' } });
  const granted = await refusedBy(conditions, [byDay]);
  expect(granted.map(({ condition }) => condition)).toEqual(['words', 'reasons']);
});

it.each(['torn', 'hungry'])('in Rego fail if they cannot be evaluated: %s', async (rule) => {
  await expect(refusedBy(await load(rego(rule)), [question()])).rejects.toThrow(DependencyFault);
});

it('fail to load for a policy without the rule, and for a plain http URL', async () => {
  await expect(load(rego('nothing'))).rejects.toThrow('has no entrypoint');
  const plain = { type: 'authzen', name: 'plain', url: 'http://pdp.example.com', timeout_ms: 500 } as const;
  await expect(load(plain)).rejects.toThrow('condition plain must have an https URL');
});
