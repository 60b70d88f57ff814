import { location, subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { reason } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { ownEvent } from './own-event.ts';

/**
 * A project was archived: taken back is whatever permits something at its location or below. A project is named by the
 * location that its resources lie in, `orders-db` say, since that is what tokens name.
 */
export const projectArchived = ownEvent({
  detailType: 'Project Archived',
  detail: z.strictObject(
    {
      project: location.refine((text) => subtreeRoot(text) === undefined && location.safeParse(`${text}/*`).success, {
        error: 'must be a location without /* at its end, with room for it',
      }),
      reason: reason.optional(),
    },
    { error: 'must have project and, if wanted, reason, and nothing else' },
  ),
  revokes: ({ project, reason = 'project archived' }) => [{ selector: { resource: `${project}/*` }, reason }],
  example: { project: 'billing/legacy', reason: 'closed with the year' },
});
