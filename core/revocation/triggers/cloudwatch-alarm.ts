import { limits } from '@tvm/contract/limits.ts';
import type { RequestedRevocation } from '@tvm/contract/revocation.ts';
import * as z from 'zod';
import { trigger } from './trigger.ts';

/** The revocation of each alarm, by the name of the alarm. */
export type AlarmSettings = Record<string, RequestedRevocation>;

const value = z.string({ error: 'must be the state of an alarm' }).max(64, { error: 'must be the state of an alarm' });

/**
 * Revokes the tokens that the configuration names for a CloudWatch alarm when the alarm goes into the state `ALARM`.
 * The event itself names no workload.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
export const cloudwatchAlarm = trigger({
  pattern: (alarms: AlarmSettings) => ({
    source: ['aws.cloudwatch'],
    'detail-type': ['CloudWatch Alarm State Change'],
    detail: { alarmName: Object.keys(alarms), state: { value: ['ALARM'] } },
  }),
  detail: z.object({
    alarmName: z
      .string({ error: 'must be the name of an alarm' })
      .max(255, { error: 'must have at most 255 characters' }),
    state: z.object({ value }, { error: 'must be the state of an alarm' }),
  }),
  revokes({ detail: { alarmName, state } }, alarms) {
    if (state.value !== 'ALARM' || !Object.hasOwn(alarms, alarmName)) return [];
    const revocation = alarms[alarmName];
    if (revocation === undefined) return [];
    return [
      { ...revocation, reason: revocation.reason ?? `CloudWatch alarm ${alarmName}`.slice(0, limits.reasonLength) },
    ];
  },
  example: {
    version: '0',
    id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
    'detail-type': 'CloudWatch Alarm State Change',
    source: 'aws.cloudwatch',
    account: '111122223333',
    time: '2026-11-22T17:04:40Z',
    region: 'us-east-1',
    resources: ['arn:aws:cloudwatch:us-east-1:111122223333:alarm:ServerCpuTooHigh'],
    detail: {
      alarmName: 'ServerCpuTooHigh',
      configuration: { description: 'Goes into alarm when server CPU utilization is too high!' },
      previousState: { value: 'OK', timestamp: '2026-11-22T13:56:40.987+0000' },
      state: {
        value: 'ALARM',
        reason: 'Threshold Crossed: 1 out of the last 1 datapoints was greater than the threshold (50.0).',
        timestamp: '2026-11-22T17:04:40.989+0000',
      },
    },
  },
});
