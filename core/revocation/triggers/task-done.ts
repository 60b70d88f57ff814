import { task } from '@tvm/contract/selector.ts';
import { reason } from '@tvm/contract/text.ts';
import * as z from 'zod';
import { ownEvent } from './own-event.ts';

/** A task is done, a deploy say: the tokens that were asked for it are taken back. */
export const taskDone = ownEvent({
  detailType: 'Task Done',
  detail: z.strictObject(
    { task, reason: reason.optional() },
    { error: 'must have task and, if wanted, reason, and nothing else' },
  ),
  revokes: ({ task, reason = 'task done' }) => [{ selector: { task }, reason }],
  example: { task: 'deploy-4711' },
});
