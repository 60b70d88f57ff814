import { subject } from '@tvm/contract/subject.ts';
import { reason } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { ownEvent } from './own-event.ts';
import { sessionName } from './trigger.ts';

/**
 * Revokes the tokens of a workload that is flagged for deactivation. The event names either a subject, which is also
 * blocked, or one running workload by its session name.
 */
export const workloadDeactivated = ownEvent({
  detailType: 'Workload Deactivated',
  detail: z
    .strictObject(
      { subject: subject.optional(), workload: sessionName.optional(), reason: reason.optional() },
      { error: 'must have subject or workload, optionally reason, and nothing else' },
    )
    .refine(({ subject, workload }) => (subject === undefined) !== (workload === undefined), {
      path: ['subject'],
      error: 'or workload must be given, but not both',
    }),
  revokes: ({ subject, workload, reason = 'workload deactivated' }) => [
    { selector: subject === undefined ? { workload } : { subject }, reason },
  ],
  example: { subject: 'arn:aws:iam::111122223333:role/orders-service', reason: 'replaced by orders-service-2' },
});
