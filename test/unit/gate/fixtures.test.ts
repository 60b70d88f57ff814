import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';

function findingsIn(name: string): string[] {
  const text = readFileSync(new URL(`../../fixtures/gate/${name}`, import.meta.url), 'utf8');
  return check(text, name).map(({ line, rule }) => `${line} ${rule}`);
}

describe('real manifests and templates', () => {
  it.each([
    [
      'ingress-controller.yaml',
      ['20 kubernetes/cluster-wide-secrets', '84 kubernetes/automounted-token', '87 kubernetes/image-without-digest'],
    ],
    ['certificate-manager.yaml', ['15 kubernetes/cluster-wide-secrets']],
    [
      'monitoring.yaml',
      [
        '6 kubernetes/wildcard-in-api-group',
        '17 kubernetes/self-escalation',
        '41 kubernetes/host-namespace',
        '46 kubernetes/host-path',
        '47 kubernetes/other-host-path',
      ],
    ],
    ['synthesized.template.json', []],
    [
      'handwritten.template.yaml',
      [
        '19 gate/not-judged',
        '44 cloudformation/cross-account-trust',
        '51 cloudformation/privilege-escalation',
        '52 cloudformation/write-on-any-resource',
        '57 credentials/plain-secret',
      ],
    ],
  ])('%s has exactly these findings', (name, findings) => {
    expect(findingsIn(name)).toEqual(findings);
  });
});
