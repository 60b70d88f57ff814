import { checkPolicies } from '@tvm/gate/policies/check-policies.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { builtFrom, cedarDecision, cedarWorlds, everyAsk } from '#test/support/cedar-worlds.ts';

it('never reports a policy without effect that matches or permits some request', () => {
  let found = 0;
  fc.assert(
    fc.property(cedarWorlds, (world) => {
      const { files, bundle } = builtFrom(world);
      const told = cedarDecision(world, bundle);
      for (const { rule, message } of checkPolicies(files)) {
        const [, id = '', what] = /^"(p\d+)" (never matches|never permits)/.exec(message) ?? [];
        if (rule !== 'policy/never-matches' || what === undefined) continue;
        found++;
        for (const ask of everyAsk(world)) {
          const { permits, forbids } = told(ask, ask.target, what === 'never matches' ? id : undefined);
          expect([...permits, ...(what === 'never matches' ? forbids : [])], message).not.toContain(id);
        }
      }
    }),
    { numRuns: 20 },
  );
  expect(found).toBeGreaterThan(0);
}, 60_000);
