import { createHmac, timingSafeEqual } from 'node:crypto';
import { accessOf } from '@tvm/core/audit/audit-event.ts';
import type { Mac } from '@tvm/core/keys/ports.ts';
import type { AuditFact, Introspections } from '@tvm/core/records/audit-fact.ts';
import type { IssuedRecord, TokenRecord } from '@tvm/core/records/token-record.ts';
import type { OpenTokens, TokenTraces } from '@tvm/core/tokens-view/ports.ts';

/** Computes MACs with a key in memory. */
export function localMac(key = 'a key that only this test uses'): Mac {
  const compute = (text: string) => createHmac('sha256', key).update(text).digest();
  return {
    of: async (text) => compute(text),
    fits: async (text, mac) => mac.length === 32 && timingSafeEqual(compute(text), mac),
  };
}

/** The unexpired tokens of the records in memory. */
export function inMemoryOpenTokens({ states }: { states: ReadonlyMap<string, TokenRecord> }): OpenTokens {
  return {
    async *at() {
      yield [...states.values()]
        .filter((record): record is IssuedRecord => record.status === 'issued')
        .map(({ authorizationDetails, writeActions, ...record }) => ({
          ...record,
          access: accessOf({ authorizationDetails, ...(writeActions && { writeActions }) }),
        }));
    },
  };
}

/** The traces of tokens, in memory. */
export function inMemoryTraces(
  noted: { introspections?: Introspections[]; facts?: AuditFact[]; more?: boolean } = {},
): TokenTraces {
  const { introspections = [], facts = [], more = false } = noted;
  return {
    async of(tokenId) {
      return {
        introspections: introspections.filter((one) => one.tokenId === tokenId),
        facts: facts.filter(({ detail }) => 'tokenId' in detail && detail.tokenId === tokenId),
        more,
      };
    },
  };
}
