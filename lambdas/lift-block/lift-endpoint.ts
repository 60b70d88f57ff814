import { unblockRequest } from '@tvm/contract/revocation.ts';
import type { Clock } from '@tvm/core/ports.ts';
import type { SubjectStatuses } from '@tvm/core/records/ports.ts';
import { apiHandler } from '../middleware/api-handler.ts';
import { answer, refuse } from '../runtime/answers.ts';
import { authenticated, readParameters } from '../runtime/api-request.ts';
import { logger } from '../runtime/observability.ts';

/** `POST /blocks/lift`: an operator, authenticated with SigV4, lifts the block of a subject. */
export function liftEndpoint({ subjectStatuses, clock }: { subjectStatuses: SubjectStatuses; clock: Clock }) {
  return apiHandler(async (event) => {
    const { userArn, requestId } = authenticated(event);
    const request = readParameters(unblockRequest, event);
    if (!request.ok) return refuse({ kind: 'bad_request', bad: request.bad }, requestId);

    const { subject, reason } = request.value;
    const unblocked = await subjectStatuses.unblock(subject, {
      at: clock.now(),
      by: userArn,
      ...(reason && { reason }),
    });
    logger.info('block lifted', { apiRequestId: requestId, by: userArn, subject, unblocked });
    return answer({ unblocked });
  });
}
