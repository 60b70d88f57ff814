import { namedTargets } from '@tvm/core/policy/named-targets.ts';
import { expect, it } from 'vitest';
import { policyBundle } from '#test/fakes/policies.ts';

const arn = (name: string) => `arn:aws:iam::111122223333:role/${name}`;

const CEDAR = `
@id("in-scope")
permit (principal == Workload::"${arn('in-scope')}", action == Action::"read", resource in Resource::"orders-db")
when { context.audience == "compared" };

@id("in-condition")
permit (principal, action == Action::"read", resource == Resource::"billing/invoices")
when { principal == Workload::"${arn('in-condition')}" && ["one", "other"].contains(context.audience) };

@id("reversed")
forbid (principal, action, resource in Resource::"orders-db")
unless { "reversed" == context.audience };
`;

const bundle = policyBundle(CEDAR, {
  'workloads.yaml': `${arn('in-workloads')}: { team: orders }\n`,
  'resources.yaml': 'lake/raw: { in: [regulated] }\n',
  'roles.yaml': `
lake-reader:
  audience: lake
  authorization_details:
    - { actions: [read], locations: ["lake/teams/{subject.team}/*", "lake/shared/*"] }
`,
});

it('lists the names in policies, data files and the configuration', () => {
  expect(namedTargets(bundle, ['introspecting', 'compared'])).toEqual({
    subject: [arn('in-workloads'), arn('in-scope'), arn('in-condition')],
    audience: ['introspecting', 'compared', 'one', 'other', 'reversed', 'lake'],
    resource: ['orders-db', 'billing/invoices', 'lake/raw', 'regulated', 'lake/teams', 'lake/shared'],
    policy: ['in-scope', 'in-condition', 'reversed'],
    policyBundle: [bundle.hash],
  });
});
