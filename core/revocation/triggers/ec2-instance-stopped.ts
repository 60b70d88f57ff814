import * as z from 'zod';
import { trigger } from './trigger.ts';

const GOING_OR_GONE = ['stopping', 'stopped', 'shutting-down', 'terminated'];

/**
 * An EC2 instance stops or is terminated: the tokens vended to its session, which EC2 names by the instance's id, are
 * taken back. It comes twice for each: when it begins, and when it is done.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html
 */
export const ec2InstanceStopped = trigger({
  pattern: () => ({
    source: ['aws.ec2'],
    'detail-type': ['EC2 Instance State-change Notification'],
    detail: { state: GOING_OR_GONE },
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
    GOING_OR_GONE.includes(state) ? [{ selector: { workload }, reason: `EC2 instance ${state}` }] : [],
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
