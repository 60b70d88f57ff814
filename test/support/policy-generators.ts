import type { AuthorizationDetail } from '@tvm/contract/authorization-details.ts';
import type { RequestParameters } from '@tvm/contract/token.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import fc from 'fast-check';
import { policyBundle } from '../fakes/policies.ts';

// A small world with few names, so that policies and requests often match.

export const SUBJECTS = ['anna', 'ben', 'carla'].map((name) => `arn:aws:iam::111122223333:role/${name}`);
export const TEAMS = ['x', 'y'];
export const LOCATIONS = ['db', 'db/a', 'db/a/1', 'db/b', 'db/b/2', 'lake', 'lake/c'];
export const ROLES = ['reader', 'keeper', 'guest'];
const FIELDS = ['id', 'name', 'card'];
const LIFETIMES = [60, 300, 900, 3600];

/** A policy with an independent implementation, without Cedar, of which workloads it applies to. */
export interface GeneratedPolicy {
  id: string;
  text: string;
  /** Reports whether the policy applies to a workload, from its scope and each condition on the principal. */
  concerns(subject: string): boolean;
  /** Names that occur only in this policy's text. */
  marks: string[];
}

/** Policies with everything they refer to, and the attributes of workloads and resources. */
export interface World {
  policies: GeneratedPolicy[];
  bundle: PolicyBundle;
  /** Attributes of workloads, by ARN. */
  teams: Record<string, string>;
}

interface Condition {
  text: string;
  holdsFor?(subject: string, team: string | undefined): boolean;
}

const set = (names: readonly string[]) => `[${names.map((name) => `"${name}"`).join(', ')}]`;
const some = <T>(values: readonly T[]) => fc.subarray([...values], { minLength: 1 });

const ofRequest: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom('db', 'lake').map((audience) => ({ text: `context.audience == "${audience}"` })),
  fc
    .tuple(fc.constantFrom('<=', '<', '==', '>='), fc.constantFrom(...LIFETIMES))
    .map(([operator, seconds]) => ({ text: `context.lifetime ${operator} ${seconds}` })),
  some(FIELDS).map((names) => ({ text: `!context.fields.all && ${set(names)}.containsAll(context.fields.names)` })),
  fc
    .constantFrom(...FIELDS)
    .map((name) => ({ text: `context.fields.all || context.fields.names.contains("${name}")` })),
  // Above 60 seconds the product overflows 64 bits: an evaluation error.
  fc.constant({ text: 'context.lifetime * 153722867280912930 > 0' }),
  fc.constantFrom(
    { text: 'context.networks.contains("office")' },
    { text: 'resource in Resource::"db" || context.audience != "db"' },
    { text: 'resource has classification && resource.classification == "secret"' },
    { text: 'context.behaviour.issued < 3' },
    { text: 'if context.fields.all then context.lifetime < 600 else true' },
  ),
);

const ofPrincipal: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom(...TEAMS).map((team) => ({
    text: `principal has team && principal.team == "${team}"`,
    holdsFor: (_: string, its: string | undefined) => its === team,
  })),
  fc.constantFrom(...SUBJECTS).map((other) => ({
    text: `principal.name == "${other.split('/').at(-1)}"`,
    holdsFor: (subject: string) => subject === other,
  })),
);

/** Conditions for a role, which has no resource attributes. */
const ofAnything = ofRequest.filter(({ text }) => !text.includes('resource'));

const policyParts = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'permit', 'permit', 'permit', 'forbid'),
  principal: fc.option(fc.constantFrom(...SUBJECTS), { nil: undefined }),
  what: fc.oneof(
    {
      arbitrary: fc.record({
        actions: some(['read', 'write']),
        place: fc.constantFrom(...LOCATIONS),
        within: fc.boolean(),
      }),
      weight: 4,
    },
    { arbitrary: fc.record({ role: fc.constantFrom(...ROLES.slice(0, 2)) }), weight: 1 },
  ),
  when: fc.array(fc.oneof({ arbitrary: ofRequest, weight: 3 }, { arbitrary: ofPrincipal, weight: 1 }), {
    maxLength: 2,
  }),
  unless: fc.array(fc.oneof({ arbitrary: ofRequest, weight: 3 }, { arbitrary: ofPrincipal, weight: 1 }), {
    maxLength: 1,
  }),
  ofAnything: fc.array(ofAnything, { maxLength: 1 }),
  obliges: fc.constantFrom('', '', '', '@max_lifetime("5m")\n', '@require_reason\n', '@single_use\n'),
});

/** Worlds of some policies. As a mark, each policy names an audience that no other policy names. */
export const worlds: fc.Arbitrary<World> = fc
  .tuple(
    fc.array(policyParts, { minLength: 5, maxLength: 12 }),
    fc.array(fc.constantFrom('', ...TEAMS), { minLength: SUBJECTS.length, maxLength: SUBJECTS.length }),
    fc.boolean(),
  )
  .map(([all, given, catalogued]) => {
    const teams = Object.fromEntries(
      SUBJECTS.flatMap((subject, at) => (given[at] ? [[subject, given[at]] as [string, string]] : [])),
    );
    const policies = all.map((parts, at) => policyOf(`policy-${at}`, parts, teams));
    const bundle = policyBundle(policies.map(({ text }) => text).join('\n'), {
      'workloads.yaml': SUBJECTS.flatMap((subject) =>
        teams[subject] ? [`${subject}: { team: ${teams[subject]} }`] : [],
      ).join('\n'),
      'resources.yaml': catalogued ? 'db/b: { classification: secret }' : '',
      'networks.yaml': 'office: { cidrs: [203.0.113.0/24] }',
      'roles.yaml': ROLES.slice(0, 2)
        .map(
          (role, at) =>
            `${role}: { audience: db, authorization_details: [{ locations: [db/a, lake/c], actions: [${['read', 'write'][at]}] }] }`,
        )
        .join('\n'),
    });
    return { policies, bundle, teams };
  });

function policyOf(
  id: string,
  {
    effect,
    principal,
    what,
    when,
    unless,
    ofAnything,
    obliges,
  }: typeof policyParts extends fc.Arbitrary<infer P> ? P : never,
  teams: Record<string, string>,
): GeneratedPolicy {
  const forRole = 'role' in what;
  const fits = ({ text }: Condition) => !forRole || !text.includes('resource');
  const whens = [...when.filter(fits), ...ofAnything];
  const unlesses = unless.filter(fits);
  const mark = `mark-of-${id}`;
  const scope = [
    principal === undefined ? 'principal' : `principal == Workload::"${principal}"`,
    forRole
      ? 'action == Action::"assume"'
      : `action in [${what.actions.map((action) => `Action::"${action}"`).join(', ')}]`,
    forRole ? `resource == Role::"${what.role}"` : `resource ${what.within ? 'in' : '=='} Resource::"${what.place}"`,
  ];
  const clauses = [
    ...whens.map(({ text }) => `when { ${text} }`),
    `when { context.audience != "${mark}" }`,
    ...unlesses.map(({ text }) => `unless { ${text} }`),
  ];
  const annotations = effect === 'permit' ? obliges : '';
  return {
    id,
    text: `@id("${id}")\n${annotations}${effect} (${scope.join(', ')})\n${clauses.join('\n')};`,
    concerns: (subject) =>
      (principal === undefined || principal === subject) &&
      whens.every(({ holdsFor }) => holdsFor?.(subject, teams[subject]) ?? true) &&
      unlesses.every(({ holdsFor }) => !(holdsFor?.(subject, teams[subject]) ?? false)),
    marks: [id, mark],
  };
}

const entries: fc.Arbitrary<AuthorizationDetail> = fc
  .record({
    locations: fc.uniqueArray(
      fc
        .tuple(fc.constantFrom(...LOCATIONS, 'db/a/9'), fc.constantFrom(true, false, false))
        .map(([place, below]) => (below ? `${place}/*` : place)),
      { minLength: 1, maxLength: 2 },
    ),
    actions: some(['read', 'write'] as const),
    fields: fc.option(some(FIELDS), { nil: undefined, freq: 2 }),
  })
  .map(({ fields, ...entry }) => ({ type: 'resource', ...entry, ...(fields && { fields }) }));

/** Requests in a world: for some locations, or for a role. */
export const requests: fc.Arbitrary<RequestParameters> = fc
  .record({
    what: fc.oneof(
      { arbitrary: fc.array(entries, { minLength: 1, maxLength: 2 }), weight: 4 },
      { arbitrary: fc.constantFrom(...ROLES), weight: 1 },
    ),
    audience: fc.constantFrom('db', 'lake', 'elsewhere'),
    expires_in: fc.option(fc.constantFrom(...LIFETIMES), { nil: undefined }),
    grant: fc.constantFrom(undefined, undefined, 'partial' as const),
    reason: fc.constantFrom(undefined, 'nightly report'),
  })
  .map(({ what, audience, expires_in, grant, reason }) => ({
    ...(typeof what === 'string' ? { scope: `role:${what}` } : { authorization_details: what }),
    audience,
    ...(expires_in && { expires_in }),
    ...(grant && { grant }),
    ...(reason && { reason }),
  }));
