import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { parseWorkloadArn } from '@tvm/contract/subject.ts';
import { cedarRequest, readableBy } from '@tvm/core/policy/authorization-request.ts';
import { evaluateParts, type Outcome, splitPolicy } from '@tvm/core/policy/conjuncts.ts';
import { requestContext } from '@tvm/core/policy/request-context.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LOCATIONS, SUBJECTS, worlds } from '#test/support/policy-generators.ts';

const texts = (conditions: string) =>
  splitPolicy(`permit (principal, action, resource) ${conditions};`).conjuncts.map(({ text }) => text);

describe('a policy is split', () => {
  it.each([
    ['no conjuncts without conditions', '', []],
    [
      'every operand of && in a when',
      'when { context.a && (context.b && context.c) } when { context.d }',
      ['context.a', 'context.b', 'context.c', 'context.d'],
    ],
    ['every operand of || in an unless, negated', 'unless { context.a || !context.b }', ['!context.a', 'context.b']],
    ['no operands of && in an unless', 'unless { context.a && context.b }', ['!(context.a && context.b)']],
    ['every operand of a negated || in a when', 'when { !(context.a || context.b) }', ['!context.a', '!context.b']],
    [
      'a comparison, negated with the opposite operator',
      'unless { context.lifetime > 300 || context.audience == "x" }',
      ['context.lifetime <= 300', 'context.audience != "x"'],
    ],
    [
      'no branches of an if',
      'when { if context.a then context.b else context.c }',
      ['if context.a then context.b else context.c'],
    ],
    [
      'numbers that are too large for JavaScript',
      'when { context.n == 9007199254740993 && context.m < -9223372036854775808 }',
      ['context.n == 9007199254740993', 'context.m < (-9223372036854775808)'],
    ],
    [
      'large numbers, but not digits in a string or a comment',
      'when { context.n == 9007199254740993 && // 9007199254740993\n context.s == "9007199254740995" }',
      ['context.n == 9007199254740993', 'context.s == "9007199254740995"'],
    ],
  ])('into %s', (_, conditions, conjuncts) => {
    expect(texts(conditions)).toEqual(conjuncts);
  });

  it('into the constraints of its scope, as Cedar formats them', () => {
    const { scope } = splitPolicy(
      'permit (principal == Workload::"a, action) {", action in [Action::"read", Action::"write"], resource);',
    );
    expect(scope).toEqual({
      principal: 'principal == Workload::"a, action) {"',
      action: 'action in [Action::"read", Action::"write"]',
      resource: undefined,
    });
  });
});

describe('a condition depends on the workload', () => {
  it.each([
    ['principal.team == "x"', true],
    ['context.audience == "a"', false],
    ['["b"].contains(context.audience) || principal has team', true],
    ['resource == resource || Workload::"arn:aws:iam::111122223333:role/x" == Workload::"y"', true],
    ['context.audience == "arn:aws:iam::111122223333:role/x"', true],
    ['{Value: principal}.Value == principal', true],
    ['{Var: "principal"}.Var == "x"', false],
    ['context.audience like "principal*"', false],
  ])('%s: %s', (condition, expected) => {
    const [{ ofPrincipal } = {}] = splitPolicy(`permit (principal, action, resource) when { ${condition} };`).conjuncts;
    expect(ofPrincipal).toBe(expected);
  });
});

it('gives the same outcome for a policy and for its parts evaluated in order', { timeout: 300_000 }, () => {
  const seen: Record<Outcome, number> = { held: 0, failed: 0, erred: 0 };
  const items = fc.record({
    subject: fc.constantFrom(...SUBJECTS),
    action: fc.constantFrom('read' as const, 'write' as const),
    location: fc.constantFrom(...LOCATIONS),
    fields: fc.constantFrom(undefined, ['id'], ['id', 'card']),
    audience: fc.constantFrom('db', 'lake'),
    lifetime: fc.constantFrom(60, 900),
    sourceIp: fc.constantFrom('203.0.113.7', '198.51.100.1'),
  });
  fc.assert(
    fc.property(worlds, fc.array(items, { minLength: 10, maxLength: 10 }), ({ bundle }, inquiries) => {
      const around = requestContext(bundle);
      const splits = new Map(Object.entries(bundle.policies).map(([id, { text }]) => [id, splitPolicy(text)]));
      for (const { subject, audience, lifetime, sourceIp, ...what } of inquiries) {
        const caller = parseWorkloadArn(subject);
        if (caller === undefined) throw new Error('no caller');
        const context = { audience, lifetime, sourceIp, time: 0, behaviour: { issued: 1, denied: 0, active: 0 } };
        for (const [id, split] of splits) {
          const policy = bundle.policies[id] ?? { text: '', reads: [] };
          const { text } = policy;
          const request = cedarRequest(bundle, around, caller, what, context, readableBy(bundle, [policy]));
          const answer = cedar.isAuthorized({ ...request, policies: { staticPolicies: { it: text } } });
          if (answer.type === 'failure') throw new Error('Cedar refused');
          const { reason, errors } = answer.response.diagnostics;
          const outcome = errors.length > 0 ? 'erred' : reason.length > 0 ? 'held' : 'failed';
          seen[outcome] += 1;
          expect(evaluateParts(split, request).whole, text).toBe(outcome);
        }
      }
    }),
    { numRuns: 80 },
  );
  for (const outcome of ['held', 'failed', 'erred'] as const) expect(seen[outcome], outcome).toBeGreaterThan(0);
});
