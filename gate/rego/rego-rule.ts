import type { Rule } from '../model/finding.ts';

const deployment = (labels: string) => `apiVersion: apps/v1
kind: Deployment
metadata: { name: example, labels: ${labels} }
spec: { replicas: 1 }
`;

/** The rule of all findings of a team's own rules (`--rego`). The rules of the example require an owner. */
export const regoDenied: Rule = {
  id: 'rego/denied',
  severity: 'error',
  title: 'a violation of the team’s own Rego rules',
  why: 'The team that owns the rules wrote the rule and the message.',
  instead: 'Follow the message, or ask the owners of the rules.',
  failing: { name: 'deployment.yaml', text: deployment('{}') },
  passing: { name: 'deployment.yaml', text: deployment('{ owner: orders }') },
};
