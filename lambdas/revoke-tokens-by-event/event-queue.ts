import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { continueRevocations, type RevokeTokensPorts } from '@tvm/core/revocation/requests/revoke-tokens.ts';
import { submitRevocation } from '@tvm/core/revocation/requests/submit-revocation.ts';
import { type UnknownTargetRules, unknownTarget } from '@tvm/core/revocation/requests/unknown-target.ts';
import { type EventRules, revocationsRequestedBy } from '@tvm/core/revocation/triggers/requested-by-event.ts';
import { continuation } from '../adapters/sqs/continuations.ts';
import { type QueuedEvent, queueHandler, type Retries } from '../middleware/queue-handler.ts';
import { logger, metrics } from '../runtime/observability.ts';

export interface EventQueueRules extends EventRules, UnknownTargetRules {
  /** How long a revoked subject is blocked if the request does not specify it, in seconds. */
  blockFor: number;
}

export interface EventQueuePorts extends RevokeTokensPorts {
  deadLetters: { put(letter: object): Promise<void> };
  retries: Retries;
}

/** Working time of one invocation, in milliseconds. Together with the last page it stays well below the timeout. */
const WORKING = 40_000;

/**
 * Creates a Lambda handler for a queue of events that revoke tokens, and of messages that continue a revocation.
 *
 * A failed message is retried, which is safe because revocations are idempotent, and finally moves to the dead-letter
 * queue. An invalid event moves there immediately, with an audit event.
 */
export function eventQueue(rules: EventQueueRules, ports: EventQueuePorts) {
  async function process({ event, sentAt }: QueuedEvent): Promise<void> {
    const deadline = ports.clock.now() + WORKING;
    const continued = continuation.safeParse(event);
    if (continued.success) return complete([continued.data.goOnWith], deadline);

    const requested = revocationsRequestedBy(event, sentAt, rules);
    if ('problem' in requested) return refuse(event, sentAt, requested.problem);
    for (const { selector, allowUnknown } of requested.revocations) {
      const unknown = allowUnknown ? undefined : await unknownTarget(selector, rules, ports);
      if (unknown !== undefined) return refuse(event, sentAt, `detail.${unknown.member} ${unknown.problem}`);
    }
    const revocationIds: string[] = [];
    for (const request of requested.revocations) {
      const submitted = await submitRevocation(request, rules, ports);
      const { revocationId, by, selector } = request;
      logger.info('revocation submitted', { revocationId, by, selector });
      if (submitted.kind === 'order') revocationIds.push(revocationId);
      else metrics.addMetric('TokensRevoked', MetricUnit.Count, submitted.revoked);
    }
    await complete(revocationIds, deadline);
    // The delay until the tokens are revoked, or as many of them as one invocation can revoke. Deferred revocations are
    // not measured.
    if (requested.revocations.some(({ after = 0 }) => after > 0)) return;
    metrics.addMetric('RevocationDelay', MetricUnit.Milliseconds, ports.clock.now() - sentAt);
  }

  async function complete(revocationIds: string[], deadline: number): Promise<void> {
    const began = ports.clock.now();
    for (const { revocationId, revoked, completedAt } of await continueRevocations(revocationIds, deadline, ports)) {
      logger.info('tokens revoked', { revocationId, revoked, done: completedAt !== undefined });
      // Counted once per request, by the invocation that completes it.
      if (completedAt === undefined || completedAt < began) continue;
      metrics.addMetric('TokensRevoked', MetricUnit.Count, revoked);
    }
  }

  /** Stores a refused event on the dead-letter queue and records the refusal for the audit. */
  async function refuse(event: QueuedEvent['event'], sentAt: number, problem: string): Promise<void> {
    const { id, source, account } = event ?? {};
    const from = `${printable(source)} of account ${printable(account)}`;
    logger.error('a revocation event was refused', { eventId: printable(id), from, problem });
    metrics.addMetric('RevocationsRefused', MetricUnit.Count, 1);
    await ports.deadLetters.put(event);
    const time = new Date(sentAt).toISOString();
    await ports.facts.put(`refused-${printable(id)}`, {
      detailType: 'Revocation Refused',
      detail: { time, via: 'event', from, problem },
    });
  }

  return queueHandler(async (batch) => {
    for (const message of batch) await process(message);
    return [];
  }, ports.retries);
}

/** Returns an unverified name that is safe to log, or `unknown`. */
function printable(unverified: unknown): string {
  return typeof unverified === 'string' && /^[\w./:-]{1,256}$/.test(unverified) ? unverified : 'unknown';
}
