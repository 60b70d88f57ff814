import type { PolicyObligations } from '@tvm/core/policy/bundle.ts';
import { strictest } from '@tvm/core/policy/obligations.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';

const obligation: fc.Arbitrary<PolicyObligations> = fc.record(
  {
    maxLifetime: fc.integer({ min: 1, max: 86_400 }),
    network: fc.constantFrom('office', 'vpn', 'plant'),
    window: fc.constantFrom('nightly', 'business-hours'),
    singleUse: fc.constant(true as const),
    requireReason: fc.constant(true as const),
  },
  { requiredKeys: [] },
);

it('is never weakened by an additional policy', () => {
  fc.assert(
    fc.property(fc.array(obligation), obligation, (some, one) => {
      const before = strictest(some);
      const after = strictest([...some, one]);
      expect(after.maxLifetime ?? Infinity).toBeLessThanOrEqual(before.maxLifetime ?? Infinity);
      expect(after.requireReason || !before.requireReason).toBe(true);
      expect(after.obligations?.single_use || !before.obligations?.single_use).toBe(true);
      expect(after.obligations?.networks ?? []).toEqual(expect.arrayContaining(before.obligations?.networks ?? []));
      expect(after.obligations?.windows ?? []).toEqual(expect.arrayContaining(before.obligations?.windows ?? []));
    }),
  );
});

it('does not depend on the order of policies, and includes the requirements of each', () => {
  fc.assert(
    fc.property(fc.array(obligation), (all) => {
      const together = strictest(all);
      expect(strictest(all.toReversed())).toEqual(together);
      for (const { maxLifetime, network, window, singleUse, requireReason } of all) {
        if (maxLifetime !== undefined) expect(together.maxLifetime).toBeLessThanOrEqual(maxLifetime);
        if (network !== undefined) expect(together.obligations?.networks).toContain(network);
        if (window !== undefined) expect(together.obligations?.windows).toContain(window);
        if (singleUse) expect(together.obligations?.single_use).toBe(true);
        if (requireReason) expect(together.requireReason).toBe(true);
      }
    }),
  );
});

it('has no requirements if no policy has any', () => {
  expect(strictest([{}, {}])).toEqual({ requireReason: false });
});
