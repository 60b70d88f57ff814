import type { Rule } from '../model/finding.ts';

const deployment = (labels: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: example, labels: ${labels} }
spec: { replicas: 1 }
`;

/** What a team's own rules, given by `--rego`, say is wrong. The example is of rules that ask for an owner. */
export const regoDenied: Rule = {
  id: 'rego/denied',
  severity: 'error',
  title: 'what the team’s own rules in Rego deny',
  why: 'The team that owns the rules decided so; the message is theirs.',
  instead: 'Do as the message says, or ask the owner of the rules.',
  failing: { name: 'deployment.yaml', text: deployment('{}') },
  passing: { name: 'deployment.yaml', text: deployment('{ owner: orders }') },
};
