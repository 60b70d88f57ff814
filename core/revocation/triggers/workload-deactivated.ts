import { subject } from '@tvm/contract/subject.ts';
import { reason } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { ownEvent } from './own-event.ts';
import { sessionName } from './trigger.ts';

/** A workload was flagged for deactivation: by its subject, which is blocked then, or one that runs, by its session's name. */
export const workloadDeactivated = ownEvent({
  detailType: 'Workload Deactivated',
  detail: z
    .strictObject(
      { subject: subject.optional(), workload: sessionName.optional(), reason: reason.optional() },
      { error: 'must have subject or workload and, if wanted, reason, and nothing else' },
    )
    .refine(({ subject, workload }) => (subject === undefined) !== (workload === undefined), {
      path: ['subject'],
      error: 'or workload must be given, one of the two',
    }),
  revokes: ({ subject, workload, reason = 'workload deactivated' }) => [
    { selector: subject === undefined ? { workload } : { subject }, reason },
  ],
  example: { subject: 'arn:aws:iam::111122223333:role/orders-service', reason: 'replaced by orders-service-2' },
});
