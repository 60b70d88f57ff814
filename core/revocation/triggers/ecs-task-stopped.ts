import * as z from 'zod';
import { accountProblem, arn, tokensOf } from './resource.ts';
import { trigger } from './trigger.ts';

/**
 * Revokes the tokens of an ECS task when it has stopped. ECS names the task's role session after the task ID. A task
 * that is still stopping may need its tokens.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
 */
export const ecsTaskStopped = trigger({
  pattern: () => ({
    source: ['aws.ecs'],
    'detail-type': ['ECS Task State Change'],
    detail: { lastStatus: ['STOPPED'] },
  }),
  detail: z.object({
    taskArn: arn,
    lastStatus: z.string({ error: 'must be the status of a task' }).max(64, { error: 'must be the status of a task' }),
  }),
  revokes({ account, detail: { taskArn, lastStatus } }) {
    if (lastStatus !== 'STOPPED') return [];
    const tokens = tokensOf(taskArn);
    if (tokens?.workload === undefined) return { problem: 'detail.taskArn must be the ARN of an ECS task' };
    return accountProblem(taskArn, account, 'detail.taskArn') ?? [{ selector: tokens, reason: 'ECS task stopped' }];
  },
  example: {
    version: '0',
    id: '8f07966c-b005-4a0f-9ee9-63d2c41448b3',
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account: '111122223333',
    time: '2026-11-22T20:14:59Z',
    region: 'us-east-1',
    resources: ['arn:aws:ecs:us-east-1:111122223333:task/FargateCluster/c13b4cb40f1f4fe4a2971f76ae5a47ad'],
    detail: {
      clusterArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/FargateCluster',
      taskArn: 'arn:aws:ecs:us-east-1:111122223333:task/FargateCluster/c13b4cb40f1f4fe4a2971f76ae5a47ad',
      taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:task-definition/sample-fargate:1',
      desiredStatus: 'STOPPED',
      lastStatus: 'STOPPED',
      launchType: 'FARGATE',
      group: 'family:sample-fargate',
      containers: [{ name: 'sample-app', lastStatus: 'STOPPED', exitCode: 0 }],
      stopCode: 'UserInitiated',
      stoppedReason: 'Task stopped by user',
      stoppedAt: '2026-11-22T20:14:57.000Z',
      version: 5,
    },
  },
});
