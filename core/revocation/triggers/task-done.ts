import { task } from '@tvm/contract/selector.ts';
import { reason } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { ownEvent } from './own-event.ts';

/** Revokes the tokens of a task, such as a deployment, when the task is done. */
export const taskDone = ownEvent({
  detailType: 'Task Done',
  detail: z.strictObject(
    { task, reason: reason.optional() },
    { error: 'must have task, optionally reason, and nothing else' },
  ),
  revokes: ({ task, reason = 'task done' }) => [{ selector: { task }, reason }],
  example: { task: 'deploy-4711' },
});
