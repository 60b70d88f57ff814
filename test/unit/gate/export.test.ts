import { exportKyverno } from '@tvm/gate/export/kyverno.ts';
import { exportValidatingAdmissionPolicy } from '@tvm/gate/export/validating-admission-policy.ts';
import { kubernetesRules } from '@tvm/gate/kubernetes/rules.ts';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { check } from './check.ts';

// biome-ignore lint/suspicious/noExplicitAny: what the cluster's schemas say is not typed here
function documents(text: string): any[] {
  return parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

/** Reports whether the brackets and quotes of an expression are balanced. */
function isBalanced(cel: string): boolean {
  const bare = cel.replace(/'(?:[^'\\]|\\.)*'/g, '');
  const closed = ['()', '[]'].every(([open = '', close = '']) => bare.split(open).length === bare.split(close).length);
  return closed && !bare.includes("'");
}

/** The rules that only the check enforces: CEL reads no YAML in texts. */
const NOT_EXPORTED = ['kubernetes/aws-administrator'];
const EXPORTED = kubernetesRules.map(({ id }) => id).filter((id) => !NOT_EXPORTED.includes(id));

describe('rules for a cluster', () => {
  it('are each a ClusterPolicy of Kyverno', () => {
    const policies = documents(exportKyverno(['ghcr.io/acme']));
    expect(policies).toHaveLength(EXPORTED.length);
    for (const { apiVersion, kind, metadata, spec } of policies) {
      expect({ apiVersion, kind }).toEqual({ apiVersion: 'kyverno.io/v1', kind: 'ClusterPolicy' });
      expect(metadata.name).toMatch(/^tvm-[a-z-]+$/);
      expect(spec.rules).toHaveLength(1);
      const [{ match, validate }] = spec.rules;
      expect(match.any[0].resources.kinds.length).toBeGreaterThan(0);
      expect(['Enforce', 'Audit']).toContain(validate.failureAction);
      for (const { expression } of validate.cel.expressions) expect(expression).toSatisfy(isBalanced);
    }
  });

  it('are each a ValidatingAdmissionPolicy with its binding', () => {
    const made = documents(exportValidatingAdmissionPolicy(['ghcr.io/acme']));
    const policies = made.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy');
    const bindings = made.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding');
    expect(policies).toHaveLength(EXPORTED.length);
    expect(bindings.map(({ spec }) => spec.policyName)).toEqual(policies.map(({ metadata }) => metadata.name));
    for (const { spec } of policies) {
      expect(spec.matchConstraints.resourceRules[0].operations).toEqual(['CREATE', 'UPDATE']);
      for (const { expression, message } of spec.validations) {
        expect(expression).toSatisfy(isBalanced);
        expect(message).not.toContain('\n');
      }
    }
  });

  it('deny errors and report warnings', () => {
    const made = documents(exportValidatingAdmissionPolicy([]));
    const actionsOf = (name: string) =>
      made.find(({ kind, metadata }) => kind.endsWith('Binding') && metadata.name === name).spec.validationActions;
    expect(actionsOf('tvm-host-path')).toEqual(['Deny']);
    expect(actionsOf('tvm-image-without-digest')).toEqual(['Warn', 'Audit']);
  });

  it('begin with the rules that only the check enforces', () => {
    const heading = (text: string) => text.split('\n').filter((line) => line.startsWith('#   '));
    expect(heading(exportKyverno(['ghcr.io/acme']))).not.toContain('#   kubernetes/image-outside-registries');
    expect(heading(exportKyverno([]))).toContain('#   kubernetes/image-outside-registries');
    expect(heading(exportKyverno([]))).toContain('#   credentials/plain-secret');
  });

  it('are Kubernetes manifests in which the check finds nothing', () => {
    expect(check(exportKyverno([]))).toEqual([]);
    expect(check(exportValidatingAdmissionPolicy([]))).toEqual([]);
  });
});
