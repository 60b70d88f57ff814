import { KMSClient } from '@aws-sdk/client-kms';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type AuditEvent, auditEvents } from '@tvm/contract/events.ts';
import { SECURITY_EVENT_TYPE, VERIFICATION } from '@tvm/contract/security-event.ts';
import { signedJws } from '@tvm/core/keys/jws.ts';
import { securityEventOf } from '@tvm/core/security-events/tell-security-event.ts';
import type { EventBridgeEvent } from 'aws-lambda';
import type * as z from 'zod';
import { clientSettings } from '../adapters/aws-call.ts';
import { kmsSigner } from '../adapters/kms/signer.ts';
import { sqsRetries } from '../adapters/sqs/retries.ts';
import { queueHandler } from '../middleware/queue-handler.ts';
import { logger } from '../runtime/observability.ts';
import type { tellingEnv } from './telling-env.ts';

/** A security event token for a receiver, and what of it a log may name. */
export interface SignedSecurityEvent {
  jti: string;
  /** It is signed: in no log. */
  set: string;
  named: { receiver: string; eventId: unknown; jti: string; type: string };
}

/**
 * Audit events on the bus, by way of a receiver's own queue: what of it concerns the receiver is delivered to it, each as
 * a signed security event token.
 *
 * @param deliver where it throws, the event comes again, as the same token
 */
export function tellReceiver(
  env: z.infer<typeof tellingEnv>,
  deliver: (told: SignedSecurityEvent, event: EventBridgeEvent<string, unknown>) => Promise<void>,
) {
  const signer = kmsSigner(new KMSClient(clientSettings), env.SIGNING_KEY_ARN);
  const telling = { issuer: env.ISSUER, receiver: { name: env.RECEIVER, audience: env.RECEIVER_AUDIENCE } };

  async function tell(event: EventBridgeEvent<string, unknown>): Promise<void> {
    const claims = securityEventOf(auditEventOf(event), telling);
    const [type] = Object.keys(claims?.events ?? {});
    if (claims === undefined || type === undefined || ![...env.RECEIVER_EVENTS, VERIFICATION].includes(type)) return;
    const { jti } = claims;
    const set = await signedJws(signer, SECURITY_EVENT_TYPE, claims);
    await deliver({ jti, set, named: { receiver: env.RECEIVER, eventId: idOf(event), jti, type } }, event);
  }

  return queueHandler(
    async (batch) => {
      const told = await Promise.all(
        batch.map(async ({ messageId, event }) => {
          try {
            await tell(event);
            return [];
          } catch (error) {
            logger.error('a security event could not be sent', { receiver: env.RECEIVER, eventId: idOf(event), error });
            return [messageId];
          }
        }),
      );
      return told.flat();
    },
    sqsRetries(new SQSClient(clientSettings)),
  );
}

/** @throws when it is none: only the publisher puts events of this source on the bus, so that is our own mistake */
function auditEventOf({ 'detail-type': detailType, detail }: EventBridgeEvent<string, unknown>): AuditEvent {
  const schema = auditEvents[detailType as keyof typeof auditEvents];
  return { detailType, detail: schema.parse(detail) } as AuditEvent;
}

function idOf({ detail }: EventBridgeEvent<string, unknown>): unknown {
  return (detail as { eventId?: unknown } | null)?.eventId;
}
