import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { placeOrder } from '@tvm/core/revocation/orders/place-order.ts';
import { goOnWithOrders, type RevokeTokensPorts } from '@tvm/core/revocation/orders/revoke-tokens.ts';
import { type UnknownTargetRules, unknownTarget } from '@tvm/core/revocation/orders/unknown-target.ts';
import { askedByEvent, type EventRules } from '@tvm/core/revocation/triggers/requested-by-event.ts';
import { continuation } from '../adapters/sqs/continuations.ts';
import { type QueuedEvent, queueHandler, type Retries } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';

export interface EventQueueRules extends EventRules, UnknownTargetRules {
  /** How long a subject that is revoked gets no new token, in seconds, where that is not said. */
  blockFor: number;
}

export interface EventQueuePorts extends RevokeTokensPorts {
  deadLetters: { put(letter: object): Promise<void> };
  retries: Retries;
}

/** How long one call works, in milliseconds: with the last page well within the function's time-out. */
const WORKING = 40_000;

/**
 * Events that take tokens back, and orders that are to be gone on with, by way of a queue.
 *
 * What fails is retried, which does no harm, and is kept on the dead-letter queue in the end. What no retry can mend goes
 * there at once, and the audit tells of it.
 */
export function eventQueue(rules: EventQueueRules, ports: EventQueuePorts) {
  async function deal({ event, sentAt }: QueuedEvent): Promise<void> {
    const deadline = ports.clock.now() + WORKING;
    const goingOn = continuation.safeParse(event);
    if (goingOn.success) return carryOut([goingOn.data.goOnWith], deadline);

    const asked = askedByEvent(event, sentAt, rules);
    if ('problem' in asked) return refuse(event, sentAt, asked.problem);
    for (const { selector, allowUnknown } of asked.askings) {
      const unknown = allowUnknown ? undefined : await unknownTarget(selector, rules, ports);
      if (unknown !== undefined) return refuse(event, sentAt, `detail.${unknown.member} ${unknown.problem}`);
    }
    const orders: string[] = [];
    for (const asking of asked.askings) {
      const placed = await placeOrder(asking, rules, ports);
      const { revocationId, by, selector } = asking;
      logger.info('revocation ordered', { revocationId, by, selector });
      if (placed.kind === 'order') orders.push(revocationId);
      else metrics.addMetric('TokensRevoked', MetricUnit.Count, placed.revoked);
    }
    await carryOut(orders, deadline);
    // Until its tokens are taken back, those that it does not let live for a while; of very many, as many as fit in here.
    if (asked.askings.some(({ after = 0 }) => after > 0)) return;
    metrics.addMetric('RevocationDelay', MetricUnit.Milliseconds, ports.clock.now() - sentAt);
  }

  async function carryOut(revocationIds: string[], deadline: number): Promise<void> {
    const began = ports.clock.now();
    for (const { revocationId, revoked, completedAt } of await goOnWithOrders(revocationIds, deadline, ports)) {
      logger.info('tokens revoked', { revocationId, revoked, done: completedAt !== undefined });
      // Once for each order: by the call that completes it.
      if (completedAt === undefined || completedAt < began) continue;
      metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked);
    }
  }

  /** Keeps an event that is not obeyed, whole, and tells the audit. */
  async function refuse(event: QueuedEvent['event'], sentAt: number, problem: string): Promise<void> {
    const { id, source, account } = event ?? {};
    const from = `${printable(source)} of account ${printable(account)}`;
    logger.error('an event that asks to revoke is not obeyed', { eventId: printable(id), from, problem });
    metrics.addMetric('RevocationsRefused', MetricUnit.Count, 1);
    await ports.deadLetters.put(event);
    const time = new Date(sentAt).toISOString();
    await ports.facts.put(`refused-${printable(id)}`, {
      detailType: 'Revocation Refused',
      detail: { time, via: 'event', from, problem },
    });
  }

  return queueHandler(async (batch) => {
    for (const message of batch) await deal(message);
    return [];
  }, ports.retries);
}

/** A name that is not verified, for a person to read. */
function printable(unverified: unknown): string {
  return typeof unverified === 'string' && /^[\w./:-]{1,256}$/.test(unverified) ? unverified : 'unknown';
}
