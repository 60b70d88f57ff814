import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { subtreeRoot } from '@tvm/contract/authorization-details.ts';
import type { Claims } from '@tvm/contract/claims.ts';
import { parseSubject } from '@tvm/contract/subject.ts';
import type { Attributes } from '@tvm/core/identity/attributes.ts';
import type { Caller } from '@tvm/core/identity/caller.ts';
import type { DecisionContext } from '@tvm/core/policy/authorization-request.ts';
import { buildPolicyBundle, readPolicies } from '@tvm/core/policy/build-bundle.ts';
import type { PolicyBundle } from '@tvm/core/policy/bundle.ts';
import type { PolicyFile } from '@tvm/core/policy/flaw.ts';
import fc from 'fast-check';
import { policyFiles, SCHEMA } from '../fakes/policies.ts';

// Generates random policies over a small tree of resources, and evaluates them with Cedar and all entities. The
// conditions name resources and workloads wherever Cedar's grammar allows an entity.

const ACCOUNT = '111122223333';
const AWS_WORKLOADS = ['a', 'b', 'c'].map((name) => `arn:aws:iam::${ACCOUNT}:role/${name}`);
const WORKLOADS = [...AWS_WORKLOADS, 'github:repo:1', 'github:repo:2', 'gitlab:project:1'];
const ENTRIES = ['github', 'gitlab'];
/** Always true. A permit must name the trust entries whose workloads it admits. */
const ADMITS_ALL = 'principal.kind != "federated" || principal in Trust::"github" || principal in Trust::"gitlab"';
const TEAMS = ['x', 'y'];
const LABELS = ['pii', 'open'];
/** The locations that policies name. `db/a/deep`, `vault` and `vault/x` occur only as ancestors of others. */
const NAMED = ['db', 'db/a', 'db/a/deep/secret', 'db/b', 'lake', 'lake/c', 'vault/x/y'];
const REQUESTED = [...NAMED, 'db/a/deep', 'db/b/new', 'lake/new', 'vault', 'vault/x', 'other'];
const ROOTS = ['db', 'db/a', 'db/a/deep', 'lake', 'vault', 'vault/x', 'other'];

/** Pairs of a named location and one of its ancestors, by name or, if a world adds it, by `resources.yaml`. */
const WITHIN = [
  ['db/a', 'db'],
  ['db/a/deep/secret', 'db/a'],
  ['lake/c', 'lake'],
  ['db/a', 'vault/x/y'],
  ['lake/c', 'db/b'],
] as const;

/** Pairs of a location and an ancestor with locations between them that policies need not name. */
const APART = [
  ['db/a/deep/secret', 'db/a'],
  ['db/a/deep/secret', 'db'],
  ['vault/x/y', 'vault'],
  ['db/a', 'vault'],
] as const;

/** Returns a condition that is true for the locations between the two, and false for both of them. */
function between([below, above]: readonly [string, string]): string {
  const ends = [below, above].map((location) => `resource != Resource::"${location}"`);
  return [`Resource::"${below}" in resource`, `resource in Resource::"${above}"`, ...ends].join(' && ');
}

/** A resource, as in `resources.yaml`. */
interface Entry {
  attributes: Attributes;
  in: string[];
}

/** The content of a policy directory, and the requests to compare. */
export interface CedarWorld {
  /** The policies, each without its `@id`. */
  policies: string[];
  resources: Record<string, Entry>;
  workloads: Record<string, Attributes>;
  asks: CedarAsk[];
}

export interface CedarAsk {
  action: 'read' | 'write' | 'assume';
  /** A location or a subtree; for `assume`, a role. */
  target: string;
  subject: string;
  session: string | undefined;
  /** The claims of a federated workload. */
  claims: Claims;
  lifetime: number;
}

const { condition } = fc.letrec<{
  resource: string;
  setOfResources: string;
  workload: string;
  condition: string;
}>((tie) => {
  const named = fc.constantFrom(...NAMED).map((location) => `Resource::"${location}"`);
  const pair = fc.tuple(tie('resource'), tie('resource'));
  const sets = fc.tuple(tie('setOfResources'), tie('setOfResources'));
  return {
    resource: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { arbitrary: fc.constant('resource'), weight: 5 },
      { arbitrary: named, weight: 6 },
      {
        arbitrary: fc
          .tuple(tie('condition'), pair)
          .map(([test, [one, other]]) => `(if ${test} then ${one} else ${other})`),
        weight: 4,
      },
      pair.map(([one, other]) => `{ "one": ${one}, "in": ${other} }["one"]`),
    ),
    setOfResources: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { arbitrary: pair.map(([one, other]) => `[${one}, ${other}]`), weight: 4 },
      { arbitrary: tie('resource').map((one) => `[${one}]`), weight: 2 },
      fc.tuple(tie('condition'), sets).map(([test, [one, other]]) => `(if ${test} then ${one} else ${other})`),
    ),
    workload: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      { arbitrary: fc.constant('principal'), weight: 3 },
      { arbitrary: fc.constantFrom(...WORKLOADS).map((arn) => `Workload::"${arn}"`), weight: 3 },
      fc.tuple(tie('condition'), tie('workload')).map(([test, one]) => `(if ${test} then ${one} else principal)`),
    ),
    condition: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      {
        arbitrary: fc.constantFrom(...WITHIN).map(([one, other]) => `Resource::"${one}" in Resource::"${other}"`),
        weight: 4,
      },
      {
        arbitrary: fc
          .constantFrom(...WITHIN)
          .map(([one, other]) => `Resource::"${one}" is Resource in Resource::"${other}"`),
        weight: 2,
      },
      {
        arbitrary: fc.constantFrom(...APART).map(between),
        weight: 4,
      },
      { arbitrary: named.map((one) => `${one} in resource`), weight: 6 },
      { arbitrary: pair.map(([one, other]) => `${one} in ${other}`), weight: 4 },
      {
        arbitrary: fc.tuple(tie('resource'), tie('setOfResources')).map(([one, set]) => `${one} in ${set}`),
        weight: 4,
      },
      pair.map(([one, other]) => `${one} is Resource in ${other}`),
      pair.map(([one, other]) => `${one} == ${other}`),
      fc.tuple(tie('setOfResources'), tie('resource')).map(([set, one]) => `${set}.contains(${one})`),
      fc
        .tuple(sets, fc.constantFrom('containsAny', 'containsAll'))
        .map(([[one, other], name]) => `${one}.${name}(${other})`),
      sets.map(([one, other]) => `${one} == ${other}`),
      {
        arbitrary: fc
          .tuple(tie('resource'), fc.constantFrom(...TEAMS))
          .map(([one, team]) => `${one} has team && ${one}.team == "${team}"`),
        weight: 3,
      },
      pair.map(([one, other]) => `${one} has team && ${other} has team && ${one}["team"] == ${other}.team`),
      fc
        .tuple(tie('resource'), fc.constantFrom(...LABELS))
        .map(([one, label]) => `${one} has labels && ${one}.labels.contains("${label}")`),
      // Required by the schema, but missing on some resources: evaluation fails for those.
      {
        arbitrary: fc
          .tuple(tie('resource'), fc.integer({ min: 0, max: 3 }))
          .map(([one, level]) => `${one}.level < ${level}`),
        weight: 4,
      },
      fc
        .tuple(tie('workload'), fc.constantFrom(...TEAMS))
        .map(([one, team]) => `${one} has team && ${one}.team == "${team}"`),
      fc
        .tuple(tie('workload'), fc.constantFrom('a', 'b'))
        .map(([one, name]) => `${one}.name == "${name}" && ${one}.account == "${ACCOUNT}"`),
      fc.tuple(tie('workload'), tie('workload')).map(([one, other]) => `${one} in ${other}`),
      {
        arbitrary: fc
          .tuple(tie('workload'), fc.constantFrom(...ENTRIES))
          .map(([one, trust]) => `${one} in Trust::"${trust}"`),
        weight: 3,
      },
      fc
        .tuple(tie('workload'), fc.subarray(ENTRIES))
        .map(([one, trusts]) => `${one} in [${trusts.map((trust) => `Trust::"${trust}"`).join(', ')}]`),
      {
        arbitrary: fc.constantFrom(
          'principal has claims && principal.claims has team && principal.claims.team == "x"',
          'principal has claims.team && principal has team && principal.claims.team == principal.team',
          'principal has claims && principal.claims has groups && principal.claims.groups.contains("pii")',
          'principal has claims && !(principal.claims has team)',
          'principal has claims.run && principal.claims.run < 2',
        ),
        weight: 3,
      },
      fc
        .tuple(tie('workload'), tie('resource'))
        .map(([one, other]) => `${one} has team && ${other} has team && ${one}.team == ${other}.team`),
      fc.constantFrom(
        'context.lifetime <= 300',
        'principal has session && principal.session == "i-0abc"',
        '!(principal has session)',
        'action == Action::"read"',
      ),
      // Evaluation fails above 300 seconds.
      { arbitrary: fc.constant('context.lifetime * 30744573456182586 > 0'), weight: 2 },
      tie('condition').map((one) => `!(${one})`),
      fc.tuple(tie('condition'), tie('condition')).map(([one, other]) => `(${one}) && (${other})`),
      fc.tuple(tie('condition'), tie('condition')).map(([one, other]) => `(${one}) || (${other})`),
      fc
        .tuple(tie('condition'), tie('condition'), tie('condition'))
        .map(([test, one, other]) => `if ${test} then (${one}) else (${other})`),
    ),
  };
});

const policy = fc
  .record({
    effect: fc.constantFrom('permit', 'forbid'),
    principal: fc.oneof(
      { arbitrary: fc.constant('principal'), weight: 3 },
      fc
        .tuple(fc.constantFrom('==', 'in', 'is Workload in'), fc.constantFrom(...WORKLOADS))
        .map(([operator, id]) => `principal ${operator} Workload::"${id}"`),
      fc
        .tuple(fc.constantFrom('in', 'is Workload in'), fc.constantFrom(...ENTRIES))
        .map(([operator, trust]) => `principal ${operator} Trust::"${trust}"`),
    ),
    action: fc.constantFrom(
      'action in [Action::"read", Action::"write"]',
      'action in [Action::"read", Action::"write"]',
      'action == Action::"read"',
      'action',
    ),
    resource: fc.oneof(
      { arbitrary: fc.constant('resource'), weight: 3 },
      fc
        .tuple(fc.constantFrom('==', 'in', 'is Resource in'), fc.constantFrom(...NAMED))
        .map(([operator, location]) => `resource ${operator} Resource::"${location}"`),
    ),
    when: fc.array(condition, { maxLength: 2, size: 'xsmall' }),
    unless: fc.option(condition, { nil: undefined, freq: 2 }),
  })
  .map(({ effect, principal, action, resource, when, unless }) =>
    [
      `${effect} (${principal}, ${action}, ${resource})`,
      ...when.map((one) => `when { ${one} }`),
      ...(unless === undefined ? [] : [`unless { ${unless} }`]),
      ...(effect === 'permit' ? [`when { ${ADMITS_ALL} }`] : []),
    ].join('\n'),
  );

const attributesOfResource = fc.record({
  team: fc.constantFrom(undefined, ...TEAMS),
  labels: fc.option(fc.subarray(LABELS), { nil: undefined, freq: 2 }),
  level: fc.integer({ min: 0, max: 3 }),
});

/** Ancestors of some locations in addition to those in their names; never in a cycle. */
const OTHERS_ABOVE: Record<string, string[]> = {
  'db/a': ['vault/x/y'],
  'db/a/deep/secret': ['vault/x', 'lake'],
  'lake/c': ['db/b', 'vault/x/y'],
  'db/b': ['vault'],
  'other/place': ['db'],
};

const resourcesOfWorld = fc.array(
  fc.record({
    location: fc.constantFrom(...NAMED, 'db/a/deep', 'other/place'),
    attributes: attributesOfResource,
    others: fc.boolean(),
  }),
  { maxLength: 6 },
);

const ask = fc.record({
  action: fc.constantFrom('read' as const, 'write' as const),
  target: fc.oneof(
    fc.constantFrom(...REQUESTED),
    fc.constantFrom(...ROOTS).map((root) => `${root}/*`),
  ),
  subject: fc.constantFrom(...WORKLOADS),
  claims: fc.record(
    {
      team: fc.constantFrom(...TEAMS),
      groups: fc.subarray(LABELS),
      run: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: [] },
  ),
  session: fc.constantFrom(undefined, 'i-0abc'),
  lifetime: fc.constantFrom(300, 900),
});
const anyAsk: fc.Arbitrary<CedarAsk> = fc.oneof(
  { arbitrary: ask, weight: 9 },
  ask.map((one) => ({ ...one, action: 'assume' as const, target: 'keeper' })),
);

/** Random worlds. */
export const cedarWorlds: fc.Arbitrary<CedarWorld> = fc
  .record({
    policies: fc.array(policy, { minLength: 1, maxLength: 5 }),
    // With a permit for everything, the forbid policies decide.
    permitsAll: fc.boolean(),
    apart: fc.option(fc.constantFrom(...APART), { nil: undefined, freq: 2 }),
    entries: resourcesOfWorld,
    teams: fc.array(fc.constantFrom('', ...TEAMS), { minLength: WORKLOADS.length, maxLength: WORKLOADS.length }),
    asks: fc
      .tuple(anyAsk, fc.array(anyAsk, { maxLength: 5 }))
      .map(([first, rest]): [CedarAsk, ...CedarAsk[]] => [first, ...rest]),
  })
  .map(({ policies, permitsAll, apart, entries, teams, asks }) => {
    const resources = Object.fromEntries(
      entries.map(({ location, attributes: { team, labels, level }, others }): [string, Entry] => {
        const attributes = { level, ...(team && { team }), ...(labels && { labels }) };
        return [location, { attributes, in: others ? (OTHERS_ABOVE[location] ?? []) : [] }];
      }),
    );
    const workloads = Object.fromEntries(
      WORKLOADS.map((arn, at): [string, Attributes] => [arn, teams[at] ? { team: teams[at] } : {}]),
    );
    const permit = `permit (principal, action, resource) when { ${ADMITS_ALL} }`;
    if (apart === undefined) {
      return { policies: permitsAll ? [...policies, permit] : policies, resources, workloads, asks };
    }
    const forbid = `forbid (principal, action == Action::"read", resource)\nwhen { ${between(apart)} }`;
    const subtree = { ...asks[0], action: 'read' as const, target: `${apart[1]}/*` };
    return { policies: [...policies, permit, forbid], resources, workloads, asks: [...asks, subtree] };
  });

/**
 * Returns the files of a world and their bundle. Omits the random policies that Cedar's validator rejects. Throws on
 * any other error.
 */
export function builtFrom({ policies, resources, workloads }: CedarWorld): {
  files: PolicyFile[];
  bundle: PolicyBundle;
} {
  const entries = Object.entries(resources).map(([location, { attributes, in: around }]) => [
    location,
    { ...attributes, in: around },
  ]);
  const others = {
    'workloads.yaml': JSON.stringify(workloads),
    'resources.yaml': JSON.stringify(Object.fromEntries(entries)),
    'roles.yaml': 'keeper: { authorization_details: [{ locations: [db], actions: [read] }] }',
  };
  const filesOf = (texts: readonly string[]) =>
    policyFiles(texts.join('\n'), others).map((file) =>
      file.name.endsWith('.cedarschema') ? { ...file, text: extended(SCHEMA) } : file,
    );
  const texts = policies.map((text, at) => `@id("p${at}") ${text};`);
  const all = filesOf(texts);
  const { bundle, flaws } = readPolicies(all);
  if (bundle !== undefined) return { files: all, bundle };
  const invalid = new Set(flaws.flatMap(({ message }) => /for policy `(p\d+)`/.exec(message)?.[1] ?? []));
  const files = filesOf(texts.filter((_, at) => !invalid.has(`p${at}`)));
  return { files, bundle: buildPolicyBundle(files) };
}

function extended(schema: string): string {
  return schema
    .replace('entity Resource in [Resource] = {', '$&\n  level: Long,\n  labels?: Set<String>,')
    .replace('claims?: {', '$&\n    team?: String,\n    groups?: Set<String>,\n    run?: Long,');
}

/** A decision to compare: the result of a decision point or of Cedar. */
export interface Verdict {
  allowed: boolean;
  permits: string[];
  forbids: string[];
  errors: string[];
}

/** Returns the caller and the context of a request. */
export function circumstancesOf({ subject, session, claims, lifetime }: CedarAsk): {
  caller: Caller;
  context: DecisionContext;
} {
  const workload = parseSubject(subject);
  if (workload === undefined) throw new Error('not a subject');
  const ofIt = { ...(session !== undefined && { session }) };
  const caller = workload.kind === 'federated' ? { ...workload, claims, ...ofIt } : { ...workload, ...ofIt };
  return { caller, context: { audience: 'db', lifetime, time: Date.UTC(2026, 0, 5, 12), sourceIp: '203.0.113.7' } };
}

/**
 * Evaluates a request with Cedar, with all policies and all entities, each with all its ancestors and attributes.
 *
 * @param leftOut the locations that Cedar gets no entities for
 */
export function cedarDecision(
  world: CedarWorld,
  { policies }: PolicyBundle,
  leftOut: (location: string, requested: string) => boolean = () => false,
): (ask: CedarAsk, location: string, only?: string) => Verdict {
  const texts = Object.entries(policies).map(([id, { text }]): [string, string] => [id, text]);
  preparse('whole', Object.fromEntries(texts));
  const located = universe(world).map((location) => ({ location, entity: entityOf(world, location) }));
  let single: string | undefined;
  return (ask, target, only) => {
    const { caller, context } = circumstancesOf(ask);
    const workloads = WORKLOADS.map((id): cedar.EntityJson => {
      const workload = id === caller.subject ? caller : (parseSubject(id) ?? caller);
      const uid = { type: 'Workload', id };
      if (workload.kind !== 'federated') {
        const { subject: _, ...ofIt } = workload;
        return { uid, attrs: { ...world.workloads[id], ...ofIt }, parents: [] };
      }
      const ofIt = {
        account: '',
        kind: 'federated',
        name: '',
        ...('claims' in workload && { claims: workload.claims as cedar.CedarValueJson }),
      };
      const attrs = { ...world.workloads[id], ...ofIt };
      return { uid, attrs, parents: [{ type: 'Trust', id: workload.trust }] };
    });
    if (only !== undefined && only !== single) {
      preparse('single', { [only]: policies[only]?.text ?? '' });
      single = only;
    }
    const answer = cedar.statefulIsAuthorized({
      preparsedPolicySetId: only === undefined ? 'whole' : 'single',
      principal: { type: 'Workload', id: caller.subject },
      action: { type: 'Action', id: ask.action },
      resource: { type: ask.action === 'assume' ? 'Role' : 'Resource', id: target },
      context: { lifetime: context.lifetime },
      entities: [
        ...located.filter(({ location }) => !leftOut(location, target)).map(({ entity }) => entity),
        ...workloads,
      ],
    });
    if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
    const { decision, diagnostics } = answer.response;
    const reason = diagnostics.reason.toSorted();
    const errors = diagnostics.errors.map(({ policyId }) => policyId).sort();
    const allows = decision === 'allow';
    return {
      allowed: allows && errors.length === 0,
      permits: allows ? reason : [],
      forbids: allows ? [] : reason,
      errors,
    };
  };
}

function preparse(name: string, staticPolicies: Record<string, string>): void {
  const answer = cedar.preparsePolicySet(name, { staticPolicies });
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message);
}

/** A name that nothing else has. */
const UNNAMED = 'zz';

/** Returns every location in a world, all its ancestors by name, and one unnamed location below each. */
function universe({ resources }: Pick<CedarWorld, 'resources'>): string[] {
  const spoken = [...REQUESTED, ...Object.keys(resources), ...Object.values(resources).flatMap((entry) => entry.in)];
  const above = spoken.flatMap((location) => {
    const segments = location.split('/');
    return segments.map((_, index) => segments.slice(0, index + 1).join('/'));
  });
  const all = [...new Set(above)];
  return [...all, ...all.map((location) => `${location}/${UNNAMED}`)];
}

/** Returns the locations that represent all of a subtree. A location represents itself. */
export function locationsIn(world: CedarWorld, target: string): string[] {
  const root = subtreeRoot(target);
  if (root === undefined) return [target];
  return universe(world).filter((location) => `${location}/`.startsWith(`${root}/`));
}

/** Returns the location that represents a path from a decision, which may be a subtree. */
export function locationOf(path: string): string {
  const root = subtreeRoot(path);
  return root === undefined ? path : `${root}/${UNNAMED}`;
}

/**
 * Applies attributes from the root down, so that a nearer ancestor's attributes override those of a more distant one.
 */
function entityOf({ resources }: CedarWorld, location: string): cedar.EntityJson {
  const segments = location.split('/');
  const attrs: Attributes = {};
  for (const index of segments.keys()) {
    const above = resources[segments.slice(0, index + 1).join('/')];
    if (above !== undefined) Object.assign(attrs, above.attributes);
  }
  const path = segments.length > 1 ? [segments.slice(0, -1).join('/')] : [];
  const parents = [...path, ...(resources[location]?.in ?? [])].map((id) => ({ type: 'Resource', id }));
  return { uid: { type: 'Resource', id: location }, attrs, parents };
}

/** How conditions use an entity, counted over policies. */
export type Form = 'constantIn' | 'reverseIn' | 'choice' | 'set' | 'attributeOfNamed' | 'attributeOfNamedWorkload';

/** Returns the forms in a policy that involve more than `principal` and `resource`. */
export function formsOf(policy: string): Form[] {
  const parsed = cedar.policyToJson(policy);
  if (parsed.type === 'failure') throw new Error(parsed.errors[0]?.message);
  const found = new Set<Form>();
  const text = (node: unknown) => JSON.stringify(node) ?? '';
  const isNamed = (node: unknown, type: string) => text(node).startsWith(`{"Value":{"__entity":{"type":"${type}"`);
  const hasResource = (node: unknown) => text(node).includes('{"Var":"resource"}');
  const isOpen = (node: unknown) => text(node).includes('{"Var":');
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [operator, operand] of Object.entries(node)) {
      if (operator === 'in' && isNamed(operand.left, 'Resource')) {
        if (!isOpen(operand.right)) found.add('constantIn');
        if (hasResource(operand.right)) found.add('reverseIn');
      }
      if (operator === 'in' && operand.left && 'if-then-else' in operand.left) found.add('choice');
      if (operator === 'in' && operand.right && 'Set' in operand.right && hasResource(operand.right)) found.add('set');
      if (operator === '.' && isNamed(operand.left, 'Resource')) found.add('attributeOfNamed');
      if (operator === '.' && isNamed(operand.left, 'Workload')) found.add('attributeOfNamedWorkload');
      visit(operand);
    }
  };
  visit(parsed.json.conditions);
  return [...found];
}

/**
 * Returns a request of each workload for each location that a world distinguishes, and for the role. Session, claims
 * and lifetime alternate.
 */
export function everyAsk(world: CedarWorld): CedarAsk[] {
  const asks = universe(world).flatMap((target) =>
    (['read', 'write'] as const).flatMap((action) => WORKLOADS.map((subject) => ({ action, target, subject }))),
  );
  const assumes = WORKLOADS.map((subject) => ({ action: 'assume' as const, target: 'keeper', subject }));
  return [...asks, ...assumes].map(
    (ask, at): CedarAsk =>
      at % 2 === 0
        ? { ...ask, session: undefined, claims: {}, lifetime: 300 }
        : { ...ask, session: 'i-0abc', claims: { team: 'x', groups: ['pii'], run: 1 }, lifetime: 900 },
  );
}
