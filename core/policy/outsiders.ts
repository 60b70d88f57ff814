import type * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { ABSENT, holds, type Thing, UNKNOWN } from './partial-evaluation.ts';
import { scopeEntity } from './policy-facts.ts';

/** The attributes that every federated workload has, also one that no file names. Its claims are not known. */
const OF_EVERY_FEDERATED_WORKLOAD = new Map<string, string | typeof UNKNOWN>([
  ['account', ''],
  ['kind', 'federated'],
  ['name', ''],
  ['claims', UNKNOWN],
]);

/** A federated workload that no policy and no file names, of a trust entry that no policy names. */
const OUTSIDER: Thing = {
  type: 'Workload',
  // No subject contains a space.
  id: 'an outsider',
  attribute: (name) => OF_EVERY_FEDERATED_WORKLOAD.get(name) ?? ABSENT,
  isIn: () => false,
};

const ANYTHING: Thing = { type: undefined, id: undefined, attribute: () => UNKNOWN, isIn: () => undefined };

/**
 * Reports whether a policy may match federated workloads although it names neither them nor their trust entry. As a permit,
 * it would let in every workload of every issuer that is trusted later.
 */
export function reachesOutsiders({ principal, conditions }: cedar.PolicyJson): boolean {
  if (scopeEntity(principal) !== undefined) return false;
  const clauses = conditions.map(({ kind, body }): cedar.Expr => (kind === 'when' ? body : { '!': { arg: body } }));
  const situation = { principal: OUTSIDER, action: undefined, resource: ANYTHING, assumed: new Map() };
  return holds(clauses, situation, () => ANYTHING) !== false;
}
