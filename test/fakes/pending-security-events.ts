import type { PendingSecurityEvents } from '@tvm/core/security-events/ports.ts';

/** The security event tokens that receivers have not polled yet, in memory. */
export function inMemoryPendingSecurityEvents(): PendingSecurityEvents {
  const byReceiver = new Map<string, Map<string, string>>();
  const of = (receiver: string) => {
    const own = byReceiver.get(receiver) ?? new Map<string, string>();
    byReceiver.set(receiver, own);
    return own;
  };
  return {
    async keep(receiver, { jti, set }) {
      of(receiver).set(jti, set);
    },
    async remove(receiver, jtis) {
      for (const jti of jtis) of(receiver).delete(jti);
    },
    async oldest(receiver, limit) {
      const all = [...of(receiver)].map(([jti, set]) => ({ jti, set }));
      return all.sort((a, b) => (a.jti < b.jti ? -1 : 1)).slice(0, limit);
    },
  };
}
