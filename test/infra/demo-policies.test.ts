import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

/** The warnings of synthesis, which the CDK CLI prints. */
function warningsOf(context: Record<string, string>): string[] {
  const output = mkdtempSync(join(tmpdir(), 'tvm-demo-policies-'));
  onTestFinished(() => rmSync(output, { recursive: true }));
  const { CDK_DEFAULT_REGION, CDK_DEFAULT_ACCOUNT, ...env } = process.env;
  execFileSync(process.execPath, ['bin/tvm.ts'], {
    env: { ...env, CDK_OUTDIR: output, CDK_CONTEXT_JSON: JSON.stringify(context) },
  });
  const { artifacts } = JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8'));
  const { metadata, additionalMetadataFile } = artifacts[`TokenVendingMachine-${context.stage}`];
  const entries = metadata ?? JSON.parse(readFileSync(join(output, additionalMetadataFile), 'utf8'));
  return (Object.values(entries) as { type: string; data: string }[][])
    .flat()
    .filter(({ type }) => type === 'aws:cdk:warning')
    .map(({ data }) => data);
}

it('warns of the demo’s policies in a stage that is deployed to AWS', () => {
  const [warning, ...others] = warningsOf({ stage: 'production' });
  expect(warning).toMatch(
    /^policies\/orders\.cedar, .*policies\/workloads\.yaml name account 000000000000, which exists only in the local demo: /,
  );
  expect(others).toEqual([]);
}, 180_000);

it('does not warn of them in the emulator', () => {
  expect(warningsOf({ stage: 'local', issuer: 'http://127.0.0.1:4566' })).toEqual([]);
}, 180_000);
