import { readFileSync } from 'node:fs';
import { checkFiles } from '@tvm/gate/check-files.ts';
import { regoFindings } from '@tvm/gate/rego/check-rego.ts';
import { regoRules } from '@tvm/gate/rego/rego-rules.ts';
import { expect, it } from 'vitest';

const deny = await regoRules(readFileSync('test/fixtures/opa/manifests.wasm'), 'main/deny');
const options = { today: '2026-11-22' };

const deployment = (image: string, comment = '') => `---
${comment}
apiVersion: apps/v1
kind: Deployment
metadata: { name: orders, labels: { owner: orders } }
spec:
  template:
    spec:
      automountServiceAccountToken: false
      containers: [{ name: orders, image: "${image}@sha256:${'0'.repeat(64)}" }]
`;
const check = async (text: string, name = 'k8s/orders.yaml') => {
  const files = [{ name, text }];
  const findings = checkFiles(files, options, await regoFindings(files, deny));
  return findings.map(({ rule, line, message }) => `${line} ${rule} ${message}`);
};

it('a team’s own rules check each document, in addition to the gate’s', async () => {
  const ours = deployment('registry.example.com/orders');
  const theirs = deployment('docker.io/orders');
  expect(await check(ours)).toEqual([]);
  expect(await check(ours + theirs)).toEqual([
    `13 rego/denied the image docker.io/orders@sha256:${'0'.repeat(64)} is not of our registry`,
  ]);
});

it('their findings can be suppressed like any other', async () => {
  const excepted = '# tvm-allow rego/denied until 2026-12-31: moves with ORD-7';
  expect(await check(deployment('docker.io/orders', excepted))).toEqual([]);
});

it('they do not check files that are not manifests', async () => {
  expect(await check('replicas: 2\n')).toEqual([
    '1 file/unrecognized this is not a Kubernetes manifest, a CloudFormation template or an IAM policy',
  ]);
});
