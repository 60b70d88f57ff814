import { location, subtreeRoot } from '@tvm/contract/authorization-details.ts';
import { reason } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { ownEvent } from './own-event.ts';

/**
 * Revokes all tokens that permit something at or below the location of a project when the project is archived. A
 * project is identified by the location of its resources, such as `orders-db`, because tokens contain locations.
 */
export const projectArchived = ownEvent({
  detailType: 'Project Archived',
  detail: z.strictObject(
    {
      project: location.refine((text) => subtreeRoot(text) === undefined && location.safeParse(`${text}/*`).success, {
        error: 'must be a location without /* at its end, and short enough to append it',
      }),
      reason: reason.optional(),
    },
    { error: 'must have project, optionally reason, and nothing else' },
  ),
  revokes: ({ project, reason = 'project archived' }) => [{ selector: { resource: `${project}/*` }, reason }],
  example: { project: 'billing/legacy', reason: 'closed with the year' },
});
