import * as z from 'zod';
import { trigger } from './trigger.ts';

const FINISHED = ['SUCCEEDED', 'FAILED', 'STOPPED', 'CANCELED', 'SUPERSEDED'];

/**
 * Revokes the tokens of the task with the ID of a pipeline execution when the execution finishes. Actions read the ID
 * from `#{codepipeline.PipelineExecutionId}`.
 *
 * @see https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html
 * @see https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-variables.html
 */
export const codepipelineFinished = trigger({
  pattern: () => ({
    source: ['aws.codepipeline'],
    'detail-type': ['CodePipeline Pipeline Execution State Change'],
    detail: { state: FINISHED },
  }),
  detail: z.object({
    'execution-id': z
      .string({ error: 'must be the id of an execution' })
      .regex(/^[0-9a-zA-Z-]{36}$/, { error: 'must be the id of an execution' }),
    state: z
      .string({ error: 'must be the state of an execution' })
      .max(64, { error: 'must be the state of an execution' }),
  }),
  revokes: ({ detail: { 'execution-id': task, state } }) =>
    FINISHED.includes(state) ? [{ selector: { task }, reason: `CodePipeline execution ${state}` }] : [],
  example: {
    version: '0',
    id: '01234567-EXAMPLE',
    'detail-type': 'CodePipeline Pipeline Execution State Change',
    source: 'aws.codepipeline',
    account: '111122223333',
    time: '2026-11-22T03:31:47Z',
    region: 'us-east-1',
    resources: ['arn:aws:codepipeline:us-east-1:111122223333:myPipeline'],
    detail: {
      pipeline: 'myPipeline',
      'execution-id': '12345678-1234-5678-abcd-12345678abcd',
      state: 'SUCCEEDED',
      'pipeline-execution-attempt': 1,
      version: 3,
    },
  },
});
