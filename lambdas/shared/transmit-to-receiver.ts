import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type AuditEvent, auditEvents } from '@tvm/contract/events.ts';
import { SECURITY_EVENT_TYPE, VERIFICATION } from '@tvm/contract/security-event.ts';
import { signedJws } from '@tvm/core/keys/jws.ts';
import { toSecurityEvent } from '@tvm/core/security-events/to-security-event.ts';
import type { EventBridgeEvent } from 'aws-lambda';
import type * as z from 'zod';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsSigner } from '../adapters/kms/signer.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { queueHandler } from '../middleware/queue-handler.ts';
import { logger } from '../runtime/observability.ts';
import type { transmitterEnv } from './transmitter-env.ts';

/** A security event token for a receiver. */
export interface SignedSecurityEvent {
  jti: string;
  /** The signed token. It must not be logged. */
  set: string;
  /** The properties that may be logged. */
  named: { receiver: string; eventId: unknown; jti: string; type: string };
}

/**
 * Creates a Lambda handler for a receiver's queue of audit events. The events that concern the receiver are delivered
 * to it, each as a signed security event token.
 *
 * @param deliver delivers a token; if it throws, the event is delivered again with the same token
 */
export function transmitToReceiver(
  env: z.infer<typeof transmitterEnv>,
  deliver: (signed: SignedSecurityEvent, event: EventBridgeEvent<string, unknown>) => Promise<void>,
) {
  const signer = kmsSigner(new KMSClient(clientSettings), env.SIGNING_KEY_ARN);
  const transmission = { issuer: env.ISSUER, receiver: { name: env.RECEIVER, audience: env.RECEIVER_AUDIENCE } };

  async function transmit(event: EventBridgeEvent<string, unknown>): Promise<void> {
    const claims = toSecurityEvent(auditEventOf(event), transmission);
    const [type] = Object.keys(claims?.events ?? {});
    if (claims === undefined || type === undefined || ![...env.RECEIVER_EVENTS, VERIFICATION].includes(type)) return;
    const { jti } = claims;
    const set = await signedJws(signer, SECURITY_EVENT_TYPE, claims);
    await deliver({ jti, set, named: { receiver: env.RECEIVER, eventId: idOf(event), jti, type } }, event);
  }

  return queueHandler(
    async (batch) => {
      const failed = await Promise.all(
        batch.map(async ({ messageId, event }) => {
          try {
            await transmit(event);
            return [];
          } catch (error) {
            logger.error('a security event could not be sent', { receiver: env.RECEIVER, eventId: idOf(event), error });
            return [messageId];
          }
        }),
      );
      return failed.flat();
    },
    sqsRetries(new SQSClient(clientSettings)),
  );
}

/** @throws if it is not an audit event. Only publish-audit puts events of this source on the bus, so that is a bug. */
function auditEventOf({ 'detail-type': detailType, detail }: EventBridgeEvent<string, unknown>): AuditEvent {
  const schema = auditEvents[detailType as keyof typeof auditEvents];
  return { detailType, detail: schema.parse(detail) } as AuditEvent;
}

function idOf({ detail }: EventBridgeEvent<string, unknown>): unknown {
  return (detail as { eventId?: unknown } | null)?.eventId;
}
