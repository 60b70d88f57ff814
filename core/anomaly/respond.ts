import { limits } from '@tvm/contract/limits.ts';
import { type PlaceOrderPorts, placeOrder } from '../revocation/orders/place-order.ts';
import type { Continuations } from '../revocation/orders/ports.ts';
import type { Finding } from './finding.ts';
import type { AnomalySettings, Response } from './settings.ts';

export interface RespondPorts extends PlaceOrderPorts {
  continuations: Continuations;
}

/**
 * Does about a finding what the configuration says for its severity. What is seen over all workloads has nobody to act
 * on: it is told of, and no more. Doing it again for the same finding changes nothing.
 *
 * @param id names the finding, and the revocation that it may lead to: a UUID
 * @param subject whom it is about; `undefined`: all
 * @returns what was done
 */
export async function respond(
  id: string,
  subject: string | undefined,
  { severity, detector, what }: Finding,
  { respond, shorten_to, restrict_for }: AnomalySettings,
  ports: RespondPorts,
): Promise<Response> {
  const response = subject === undefined ? 'notify' : respond[severity];
  if (subject === undefined || response === 'notify') return 'notify';
  const now = ports.clock.now();
  const by = `tvm:anomaly/${detector}`;
  const reason = what.slice(0, limits.reasonLength);
  const after = response === 'shorten' ? shorten_to : 0;
  if (response === 'shorten') {
    const until = now + restrict_for * 1000;
    await ports.subjectStatuses.limit(subject, { lifetime: shorten_to, until, at: now, by, reason });
  }
  const blockFor = response === 'block' ? restrict_for : 0;
  // After the limit is there: what was vended before that is taken back.
  const askedAt = ports.clock.now();
  const order = { revocationId: id, selector: { subject }, reason, by, askedAt, after, blockFor };
  await placeOrder(order, { blockFor }, ports);
  await ports.continuations.goOnWith(id, after);
  return response;
}
