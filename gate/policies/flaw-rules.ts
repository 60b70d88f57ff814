import type { FlawRule } from '@tvm/core/policy/flaw.ts';
import type { Rule, SourceFile } from '../model/finding.ts';
import { cedarExample, NARROW_READ } from './rule.ts';

const READABLE = NARROW_READ.text;

function resources(text: string): SourceFile {
  return { name: 'policies/resources.yaml', text };
}

const FLAWS: Record<FlawRule, Omit<Rule, 'id' | 'severity'>> = {
  'policy/syntax': {
    title: 'a policy file with a syntax error',
    why: 'None of the policies in the file can be read, so the deployment fails.',
    instead: 'Fix the Cedar at the reported line.',
    failing: cedarExample(READABLE.replace('permit (', 'permit')),
    passing: NARROW_READ,
  },
  'policy/schema': {
    title: 'a policy that does not match the schema, or a schema that TVM does not support',
    why: 'The policy could never be evaluated as intended, so the deployment fails.',
    instead:
      'Use the entity types, actions and attributes of schema.cedarschema, and test optional attributes with `has`. ' +
      'Attributes of Workload and Resource are String, Long, Bool, or a Set of one of these. Roles have no attributes. The ' +
      'context has the attributes of the schema that came with TVM. Only resources can be in resources, and workloads in trust ' +
      'entries. Claims are an optional record of optional claims.',
    failing: cedarExample(READABLE.replace('};', '&& context.lifetime <= "5m" };')),
    passing: NARROW_READ,
  },
  'policy/id': {
    title: 'a policy without an id of its own',
    why: 'Records and denials name policies by @id. Without an id, nobody can tell which policy decided.',
    instead: 'Begin the policy with a unique `@id("…")` of letters, digits and `-_.`.',
    failing: cedarExample(READABLE.replace(/^@id.*\n/, '')),
    passing: NARROW_READ,
  },
  'policy/annotation': {
    title: 'an unknown annotation',
    why: 'A misspelt @max_lifetime would have no effect, and nobody would notice.',
    instead:
      'Use one of `@max_lifetime("5m")`, `@network`, `@window`, `@single_use`, `@require_reason`, `@description`.',
    failing: cedarExample(READABLE.replace('permit', '@maximum_lifetime("5m")\npermit')),
    passing: cedarExample(READABLE.replace('permit', '@max_lifetime("5m")\npermit')),
  },
  'policy/unknown-name': {
    title: 'a policy that names something unknown',
    why: 'A policy with a misspelt name would silently never match.',
    instead:
      'Use names of roles, networks and windows from their files, exact locations, and ARNs of IAM roles or users or federated subjects.',
    failing: cedarExample(READABLE.replace(':role/', ':rol/')),
    passing: NARROW_READ,
  },
  'policy/unsupported': {
    title: 'a policy with a Cedar feature that TVM does not support',
    why:
      'The policy depends on data that neither the request nor the policy directory contains, or it is a template, so it ' +
      'would silently not apply.',
    instead:
      'Read only attributes of `principal`, `resource`, `context`, and the resources and workloads that the policy names. ' +
      'Read `session`, `organization` and `claims` only of `principal`. Do not read tags. Name only Workload, Trust, Resource ' +
      'and Role entities. Replace templates with policies.',
    failing: cedarExample(
      READABLE.replace('principal ==', 'principal == ?principal').replace(/ Workload::"[^"]*"/, ''),
    ),
    passing: NARROW_READ,
  },
  'policy/any-trust': {
    title: 'a permit for federated workloads that names no trust entry',
    why:
      'Workloads of other issuers have no account and no name in AWS. A permit that does not tell them apart admits every ' +
      'workload of every issuer that is trusted now or later, so the deployment fails.',
    instead:
      'Name the trust entry, `principal in Trust::"github"`, or the workload, or require an attribute that only AWS or ' +
      'workloads.yaml gives: `principal.account == "111122223333"`. To permit AWS workloads only, add ' +
      '`principal.kind != "federated"`. Claims alone restrict nobody, because every issuer chooses its own.',
    failing: cedarExample(`@id("production-reads-prices")
permit (principal, action == Action::"read", resource == Resource::"catalog/prices")
when { context.audience == "catalog" && principal has claims.environment && principal.claims.environment == "production" };
`),
    passing: cedarExample(`@id("production-reads-prices")
permit (principal in Trust::"github", action == Action::"read", resource == Resource::"catalog/prices")
when { context.audience == "catalog" && principal has claims.environment && principal.claims.environment == "production" };
`),
  },
  'policy/ceiling-permits': {
    title: 'a permit in ceiling.cedar',
    why: 'The owners of the ceiling can review it on its own because it contains only forbids.',
    instead: 'Move the permit to another file.',
    failing: { name: 'policies/ceiling.cedar', text: READABLE },
    passing: {
      name: 'policies/ceiling.cedar',
      text: '@id("nobody-writes-backups")\nforbid (principal, action == Action::"write", resource in Resource::"backups");\n',
    },
  },
  'policy/resource-cycle': {
    title: 'a cycle of locations',
    why: 'Each location of a cycle is in all others, so that a permit on one of them would apply to all.',
    instead: 'Remove one `in` from the reported cycle.',
    failing: resources('one: { in: [two] }\ntwo: { in: [one] }\n'),
    passing: resources('one: { in: [two] }\ntwo: {}\n'),
  },
  'policy/data-file': {
    title: 'an invalid data file of a policy directory',
    why: 'A misspelt attribute or name would be missing when a policy reads it, so the deployment fails.',
    instead: 'Fix the key at the reported line. docs/reference/policy-files.md describes the content of each file.',
    failing: resources('orders-db/*: { environment: production }\n'),
    passing: resources('orders-db: { environment: production }\n'),
  },
  'policy/too-large': {
    title: 'a policy file that is too large, or conditions that are too deeply nested or read too many entities',
    why: 'The policies would take too long to read or evaluate, and no person can review them.',
    instead: 'Split the file, split a policy with `||` into several policies, or use a set instead of many `==`.',
    failing: cedarExample('// A line of very many.\n'.repeat(180_000)),
    passing: NARROW_READ,
  },
};

/** The rules about errors that make policies unusable. A deployment fails on them, and they cannot be suppressed. */
export const policyFlawRules: readonly Rule[] = Object.entries(FLAWS).map(([id, rule]) => ({
  id,
  severity: 'error',
  ...rule,
}));
