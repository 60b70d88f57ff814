import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { policyDecisionPoint } from '@tvm/core/policy/decision-point.ts';
import { holds, resolved } from '@tvm/core/policy/partial-evaluation.ts';
import { policyFacts } from '@tvm/core/policy/policy-facts.ts';
import { conjunctsOf } from '@tvm/gate/policies/conditions.ts';
import { assumptions, namedIn, place, workload } from '@tvm/gate/policies/situation.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SERVICE, usable } from './directory.ts';

const DATA = {
  'workloads.yaml': `${SERVICE}: { team: orders, environment: production }\n`,
  'resources.yaml': 'db: { team: orders }\ndb/t: { classification: public, in: [group] }\n',
};

const atom = fc.constantFrom(
  'principal.account == "111122223333"',
  'principal.name like "orders-*e"',
  'principal.name like "*-x"',
  'principal.name like "*service"',
  '(principal.name like "*er*e-*" || principal.name like "*rs-s*ce")',
  '(principal has team && principal.team == "orders")',
  '(principal has workloadKind && principal.workloadKind == "x")',
  '(principal has team && resource has team && principal.team == resource.team)',
  '(resource has classification && ["public", "open"].contains(resource.classification))',
  'resource in Resource::"group"',
  'resource in [Resource::"other", Resource::"db/t"]',
  'resource == Resource::"db"',
  `principal in [Workload::"${SERVICE}"]`,
  'Resource::"db/t" in Resource::"group"',
  'Resource::"db/t" in resource',
  'Resource::"db/t" is Resource in [Resource::"z", resource]',
  '(if context.lifetime > 10 then Resource::"db/t" else resource) in Resource::"db"',
  '(if action == Action::"read" then resource else Resource::"db/t") in [Resource::"z", Resource::"group"]',
  '[Resource::"db/t", resource].containsAny([Resource::"db"])',
  '(Resource::"db/t/u" has team && resource has team && Resource::"db/t/u".team == resource.team)',
  '(Resource::"z" has team && Resource::"z".team == "orders")',
  `Workload::"${SERVICE}" in principal`,
  `(Workload::"${SERVICE}" has team && Workload::"${SERVICE}".team == "orders")`,
  `(if context.lifetime > 10 then principal else Workload::"${SERVICE}").kind == "user"`,
  'context.audience == "db"',
  '["db", "x"].contains(context.audience)',
  'context.lifetime <= 300',
  'context.lifetime > 10',
  'action == Action::"read"',
  'principal has session',
  'true',
);

const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    atom,
    fc.tuple(tie('any'), fc.constantFrom('&&', '||'), tie('any')).map(([a, op, b]) => `(${a} ${op} ${b})`),
    tie('any').map((a) => `!(${a})`),
    fc.tuple(tie('any'), tie('any'), tie('any')).map(([a, b, c]) => `(if ${a} then ${b} else ${c})`),
  ),
})).any;

describe('the evaluation of conditions before a request', () => {
  it('agrees with Cedar for every request', () => {
    const caller = { subject: SERVICE, account: '111122223333', kind: 'role' as const, name: 'orders-service' };
    const { bundle } = usable({ ...DATA });
    const named = namedIn(bundle);
    const property = fc.property(condition, fc.constantFrom('when', 'unless'), (body, kind) => {
      // Other tests cover the validator, which finds impossible conditions. Here Cedar only evaluates.
      const text = `@id("a") permit (principal, action == Action::"read", resource) ${kind} { ${body} };`;
      const parsed = cedar.policyToJson(text);
      if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors));
      const one = {
        file: 'a.cedar',
        line: 1,
        effect: 'permit',
        ceiling: false,
        obligations: {},
      } as const;
      const { readsOf } = policyFacts(parsed.json);
      const entities = (['Workload', 'Resource'] as const).flatMap((type) => readsOf[type].map((id) => ({ type, id })));
      const policies = {
        a: { ...one, text, reads: ['*'], readsOf: entities, locations: [], workloads: [], audiences: [] },
      };
      const point = policyDecisionPoint({ ...bundle, policies });
      const conjuncts = conjunctsOf(parsed.json.conditions);
      const principal = workload(bundle, SERVICE);
      for (const location of ['db/t', 'db', 'z']) {
        const situation = { principal, action: 'read', resource: place(bundle, location) };
        const told = holds(conjuncts, { ...situation, assumed: new Map() }, named);
        const values = conjuncts.map((conjunct) => resolved(conjunct, named));
        const toldByValues = holds(values, { ...situation, assumed: new Map() }, named);
        const assuming = holds(conjuncts, { ...situation, assumed: assumptions(conjuncts) }, named);
        for (const audience of ['db', 'other']) {
          for (const lifetime of [5, 300, 900]) {
            const details = [{ type: 'resource' as const, locations: [location], actions: ['read' as const] }];
            const context = {
              audience,
              lifetime,
              time: 0,
              sourceIp: '192.0.2.1',
              behaviour: { issued: 0, denied: 0, active: 0 },
            };
            const [itemDecision] = point.evaluate(caller, { details, partial: false }, context);
            if (told !== undefined) expect(itemDecision?.allowed).toBe(told);
            if (toldByValues !== undefined) expect(itemDecision?.allowed).toBe(toldByValues);
            // If the conditions are true, so are the attribute values that they require.
            if (itemDecision?.allowed) expect(assuming).not.toBe(false);
          }
        }
      }
    });
    fc.assert(property, { numRuns: 150 });
  }, 30_000);
});
