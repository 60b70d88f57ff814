import * as z from 'zod';
import { trigger } from './trigger.ts';

const STOPPING_OR_STOPPED = ['stopping', 'stopped', 'shutting-down', 'terminated'];

/**
 * Revokes the tokens of an EC2 instance when it stops or is terminated. EC2 names the instance's role session after the
 * instance ID. EC2 sends two events for each stop or termination: one at its start and one at its end.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
 */
export const ec2InstanceStopped = trigger({
  pattern: () => ({
    source: ['aws.ec2'],
    'detail-type': ['EC2 Instance State-change Notification'],
    detail: { state: STOPPING_OR_STOPPED },
  }),
  detail: z.object({
    'instance-id': z
      .string({ error: 'must be the id of an instance' })
      .regex(/^i-[0-9a-f]{8,17}$/, { error: 'must be the id of an instance' }),
    state: z
      .string({ error: 'must be the state of an instance' })
      .max(64, { error: 'must be the state of an instance' }),
  }),
  revokes: ({ detail: { 'instance-id': workload, state } }) =>
    STOPPING_OR_STOPPED.includes(state) ? [{ selector: { workload }, reason: `EC2 instance ${state}` }] : [],
  example: {
    version: '0',
    id: '7bf73129-1428-4cd3-a780-95db273d1602',
    'detail-type': 'EC2 Instance State-change Notification',
    source: 'aws.ec2',
    account: '111122223333',
    time: '2026-11-22T21:29:54Z',
    region: 'us-east-1',
    resources: ['arn:aws:ec2:us-east-1:111122223333:instance/i-0abcd1111efab2222'],
    detail: { 'instance-id': 'i-0abcd1111efab2222', state: 'terminated' },
  },
});
