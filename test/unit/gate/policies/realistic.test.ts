import { readPolicies } from '@tvm/core/policy/build-bundle.ts';
import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { files } from './directory.ts';

const ACCOUNT = 'arn:aws:iam::111122223333:role';

/** Realistic policy sets, modeled on the kinds of example in Cedar’s documentation. */
const SETS: Record<string, Record<string, string>> = {
  'a photo store: owners, an album shared with one, nobody under a legal hold': {
    'photos.cedar': `
@id("renderer-reads-the-shared-album")
permit (principal == Workload::"${ACCOUNT}/renderer", action == Action::"read", resource in Resource::"photos/albums/summer")
when { context.audience == "photos" };
@id("owners-change-their-photos")
@max_lifetime("5m")
permit (principal, action in [Action::"read", Action::"write"], resource in Resource::"photos")
when { principal has team && resource has team && principal.team == resource.team }
when { context.audience == "photos" };
@id("legal-hold")
forbid (principal, action == Action::"write", resource)
when { resource has classification && resource.classification == "legal-hold" };`,
    'resources.yaml':
      'photos/albums/summer: { team: design }\nphotos/evidence: { team: design, classification: legal-hold }\n',
    'workloads.yaml': `${ACCOUNT}/renderer: { team: design }\n`,
  },
  'task lists: a role to take, filled in by the team': {
    'tasks.cedar': `
@id("teams-take-task-editor")
permit (principal, action == Action::"assume", resource == Role::"task-editor")
when { principal.account == "111122223333" && principal has team };
@id("teams-edit-their-lists")
permit (principal, action in [Action::"read", Action::"write"], resource in Resource::"tasks/lists")
when { principal has team && resource has team && principal.team == resource.team }
when { ["tasks", "tasks-beta"].contains(context.audience) && context.lifetime <= 600 };`,
    'resources.yaml': 'tasks/lists/orders: { team: orders }\n',
    'roles.yaml':
      'task-editor:\n  audience: tasks\n  authorization_details:\n    - { locations: ["tasks/lists/{subject.team}/*"], actions: [read, write] }\n',
    'workloads.yaml': `${ACCOUNT}/orders: { team: orders }\n`,
  },
  'medical records: a ward in working hours from the hospital, some fields only': {
    'records.cedar': `
@id("ward-reads-vital-signs")
@require_reason
permit (principal == Workload::"${ACCOUNT}/ward", action == Action::"read", resource in Resource::"records/vital-signs")
when {
  context.audience == "records" &&
  context.networks.contains("hospital") &&
  context.windows.contains("shifts") &&
  !context.fields.all &&
  ["pulse", "pressure"].containsAll(context.fields.names)
};`,
    'networks.yaml': 'hospital: { cidrs: [10.0.0.0/8], region: eu-central-1 }\n',
    'windows.yaml': 'windows:\n  shifts: { from: "06:00", to: "22:00" }\n',
  },
  'payments: two accounts, an emergency role, a quiet time around the close': {
    'payments.cedar': `
@id("ledgers-read-payments")
permit (principal, action == Action::"read", resource in Resource::"payments/booked")
when { principal.account == "111122223333" || principal.account == "444455556666" }
when { context.audience == "payments" };
@id("on-call-takes-emergency")
@single_use
@require_reason
permit (principal == Workload::"${ACCOUNT}/on-call", action == Action::"assume", resource == Role::"emergency");
@id("on-call-writes-payments")
@max_lifetime("5m")
permit (principal == Workload::"${ACCOUNT}/on-call", action == Action::"write", resource in Resource::"payments/booked")
when { context.audience == "payments" && context.behaviour.issued < 5 };
@id("quiet-at-the-close")
forbid (principal, action == Action::"write", resource in Resource::"payments")
when { context.local.hour == 23 && context.local.minute >= 30 }
unless { principal has team && principal.team == "finance" };`,
    'roles.yaml':
      'emergency:\n  audience: payments\n  authorization_details:\n    - { locations: [payments/booked/*], actions: [write] }\n',
  },
  'releases: CI of one environment, artefacts in two groups': {
    'releases.cedar': `
@id("ci-publishes")
@max_lifetime("10m")
@network("build")
permit (principal, action == Action::"write", resource in Resource::"published")
when { principal has workloadKind && principal.workloadKind == "ci-job" && principal has environment && principal.environment == "production" }
when { context.audience == "releases" };
@id("deployers-read")
permit (principal in Workload::"${ACCOUNT}/deployer", action == Action::"read", resource in Resource::"published")
when { context.audience == "releases" };`,
    'networks.yaml': 'build: { cidrs: [198.51.100.0/24] }\n',
    'resources.yaml':
      'published: {}\nreleases/orders: { in: [published], environment: production }\nreleases/billing: { in: [published], environment: production }\n',
    'workloads.yaml': `${ACCOUNT}/ci: { workloadKind: ci-job, environment: production }\n${ACCOUNT}/deployer: { environment: production }\n`,
  },
  'an organization: its accounts read the catalogue, a partner from its addresses': {
    'catalogue.cedar': `
@id("organization-reads-catalogue")
permit (principal, action == Action::"read", resource in Resource::"catalogue")
when { principal has organization && principal.organization == "o-a1b2c3d4e5" }
when { context.audience == "catalogue" };
@id("partner-reads-prices")
permit (principal == Workload::"arn:aws:iam::999988887777:role/partner", action == Action::"read", resource == Resource::"catalogue/prices")
when { context.audience == "catalogue" && context.sourceIp.isInRange(ip("203.0.113.0/24")) }
unless { context.time > datetime("2030-01-01") };`,
  },
  'a data lake: read by classification, nothing restricted, the ceiling over all': {
    'ceiling.cedar': `
@id("nobody-writes-policies")
forbid (principal, action == Action::"write", resource)
when { resource has classification && ["policy", "trust"].contains(resource.classification) };
@id("writes-are-short")
forbid (principal, action == Action::"write", resource)
unless { context.lifetime <= 900 };`,
    'lake.cedar': `
@id("analysts-read-what-is-public")
permit (principal, action == Action::"read", resource in Resource::"lake")
when { principal.name like "analyst-*" && principal.account == "111122223333" }
when { resource has classification && resource.classification == "public" }
when { context.audience == "lake" };
@id("loader-writes-raw")
permit (principal == Workload::"${ACCOUNT}/loader", action == Action::"write", resource in Resource::"lake/raw")
when { context.audience == "lake" && context.lifetime <= 900 && (context.local.hour >= 22 || context.local.hour < 6) };
@id("platform-keeps-its-repository")
@max_lifetime("15m")
permit (principal == Workload::"${ACCOUNT}/platform", action == Action::"write", resource in Resource::"platform/repository")
when { context.audience == "platform" };`,
    'resources.yaml':
      'lake/public: { classification: public }\nplatform/repository: {}\nplatform/repository/policies: { classification: policy }\n',
  },
  'tiny: one service, one table, for its tests as for production': {
    'orders.cedar': `
@id("same-environment-reads-orders")
permit (principal, action == Action::"read", resource in Resource::"orders-db")
when { principal has team && principal.team == "orders" }
when { principal has environment && resource has environment && principal.environment == resource.environment }
when { context.audience == "orders-db" };
@id("nobody-reads-cards")
forbid (principal, action, resource in Resource::"orders-db/cards");`,
    'resources.yaml': 'orders-db: { environment: production }\norders-db/test: { environment: test }\n',
    'workloads.yaml': `${ACCOUNT}/orders: { team: orders, environment: production }\n${ACCOUNT}/orders-tests: { team: orders, environment: test }\n`,
  },
};

describe('realistic policies', () => {
  it.each(Object.entries(SETS))('nothing is found in %s', (_name, texts) => {
    expect(checkPolicies(files(texts))).toEqual([]);
  });

  it('the order of the files changes neither findings nor the bundle', () => {
    const faulty = files({
      'a.cedar': '@id("one") permit (principal, action, resource);\n',
      'b.cedar': '@id("one") permit (principal, action == Action::"read", resource in Resource::"x");\n',
    });
    const all = [...Object.values(SETS).map(files), faulty];
    const expected = all.map((set) => [checkPolicies(set), readPolicies(set).bundle?.hash]);
    fc.assert(
      fc.property(
        fc
          .nat(all.length - 1)
          .chain((index) =>
            fc.tuple(fc.constant(index), fc.shuffledSubarray(all[index] ?? [], { minLength: all[index]?.length ?? 0 })),
          ),
        ([index, shuffled]) => {
          expect([checkPolicies(shuffled), readPolicies(shuffled).bundle?.hash]).toEqual(expected[index]);
        },
      ),
      { numRuns: 40 },
    );
  }, 30_000);
});
