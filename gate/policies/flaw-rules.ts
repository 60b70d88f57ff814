import type { FlawRule } from '@tvm/core/policy/flaw.ts';
import type { Rule, SourceFile } from '../model/finding.ts';
import { cedarExample, NARROW_READ } from './rule.ts';

const READABLE = NARROW_READ.text;

function resources(text: string): SourceFile {
  return { name: 'policies/resources.yaml', text };
}

const FLAWS: Record<FlawRule, Omit<Rule, 'id' | 'severity'>> = {
  'policy/syntax': {
    title: 'a policy file that does not parse',
    why: 'None of its policies is read; a deployment refuses it.',
    instead: 'Mend the Cedar at the line that is named.',
    failing: cedarExample(READABLE.replace('permit (', 'permit')),
    passing: NARROW_READ,
  },
  'policy/schema': {
    title: 'a policy of things that the schema does not have, or a schema of things that no file can say',
    why: 'It could never be evaluated as it is meant; a deployment refuses it.',
    instead:
      'Use the entity types, actions and attributes of schema.cedarschema; ask `has` before an optional one. Attributes ' +
      'of Workload and Resource are String, Long, Bool, or a Set of one of these. Roles have no attributes, and the ' +
      'context has those of the schema that came with TVM. Resources alone are in others; no action is in another.',
    failing: cedarExample(READABLE.replace('};', '&& context.lifetime <= "5m" };')),
    passing: NARROW_READ,
  },
  'policy/id': {
    title: 'a policy without an id of its own',
    why: 'Records and refusals name policies by @id; without one, nobody could say which policy decided.',
    instead: 'Begin it with `@id("…")` of letters, digits and `-_.` that no other policy has.',
    failing: cedarExample(READABLE.replace(/^@id.*\n/, '')),
    passing: NARROW_READ,
  },
  'policy/annotation': {
    title: 'an annotation that means nothing here',
    why: 'A misspelt @max_lifetime would limit nothing, and nobody would notice.',
    instead:
      'Write one of `@max_lifetime("5m")`, `@network`, `@window`, `@single_use`, `@require_reason`, `@description`.',
    failing: cedarExample(READABLE.replace('permit', '@maximum_lifetime("5m")\npermit')),
    passing: cedarExample(READABLE.replace('permit', '@max_lifetime("5m")\npermit')),
  },
  'policy/unknown-name': {
    title: 'a policy that names what is not there',
    why: 'A name with a typing error is nobody’s: the policy would silently never match.',
    instead: 'Name roles, networks and windows of their files, exact locations, and ARNs of IAM roles or users.',
    failing: cedarExample(READABLE.replace(':role/', ':rol/')),
    passing: NARROW_READ,
  },
  'policy/unsupported': {
    title: 'a policy of a kind that this machine cannot decide by',
    why:
      'It relies on what neither the request nor the files of the directory say, so it would silently not apply; ' +
      'templates are linked nowhere.',
    instead:
      'Read attributes of `principal`, `resource` and `context`, and of the resources and workloads that the policy ' +
      'names, but no tags; read `session` and `organization` of `principal` only. Name no other entities than Workload, ' +
      'Resource and Role; write templates out.',
    failing: cedarExample(
      READABLE.replace('principal ==', 'principal == ?principal').replace(/ Workload::"[^"]*"/, ''),
    ),
    passing: NARROW_READ,
  },
  'policy/ceiling-permits': {
    title: 'a permit in ceiling.cedar',
    why: 'The ceiling is what its owners can review alone, because it only ever takes away.',
    instead: 'Move the permit to another file.',
    failing: { name: 'policies/ceiling.cedar', text: READABLE },
    passing: {
      name: 'policies/ceiling.cedar',
      text: '@id("nobody-writes-backups")\nforbid (principal, action == Action::"write", resource in Resource::"backups");\n',
    },
  },
  'policy/resource-cycle': {
    title: 'locations that are in themselves',
    why: 'What is in a location would be above it too: a permit of one would be a permit of all.',
    instead: 'Take out one `in` of the circle that is named.',
    failing: resources('one: { in: [two] }\ntwo: { in: [one] }\n'),
    passing: resources('one: { in: [two] }\ntwo: {}\n'),
  },
  'policy/data-file': {
    title: 'a file beside the policies that does not say what it can say',
    why: 'A misspelt attribute or name would be missing where a policy asks for it; a deployment refuses it.',
    instead: 'Mend the key at the line that is named; docs/reference/policy-files.md says what each file holds.',
    failing: resources('orders-db/*: { environment: production }\n'),
    passing: resources('orders-db: { environment: production }\n'),
  },
  'policy/too-large': {
    title: 'a policy file that is too large, or conditions that are too deep or read too many entities',
    why: 'It would take longer to read or to decide, or go deeper, than a deployment can, and no person has read it.',
    instead: 'Split it: several files of one, several policies of one with `||`, sets in place of many `==`.',
    failing: cedarExample('// A line of very many.\n'.repeat(180_000)),
    passing: NARROW_READ,
  },
};

/** What keeps policies from being used at all, as rules: a deployment makes no exception of them. */
export const policyFlawRules: readonly Rule[] = Object.entries(FLAWS).map(([id, rule]) => ({
  id,
  severity: 'error',
  ...rule,
}));
