import { isDistinct } from '@tvm/contract/distinct.ts';
import { configuredRevocation } from '@tvm/contract/revocation.ts';
import type { RevokeOn } from '@tvm/core/revocation/triggers/index.ts';
import * as z from 'zod';

/** The name of an event source that may revoke tokens. */
export const eventSource = z
  .string({ error: 'must be the source of an event' })
  .regex(/^(?!tvm$|(?:local\.)?aws\.)[A-Za-z0-9._-]{1,256}$/, {
    error: 'must be an event source of your own, not "tvm", which is reserved, and not "aws.…"',
  });

const on = z.boolean({ error: 'must be true or false' }).optional();

function finding(most: number) {
  const error = `must be a number from 1 to ${most}`;
  return z
    .strictObject(
      { severity: z.number({ error }).min(1, { error }).max(most, { error }) },
      {
        error: 'must be such as { severity = … }',
      },
    )
    .optional();
}

const sources = z
  .strictObject(
    {
      sources: z
        .array(eventSource, { error: 'must be an array of event sources' })
        .min(1, { error: 'must name at least one event source' })
        .refine(isDistinct, { error: 'must name each event source once' }),
    },
    { error: 'must be such as { sources = ["…"] }' },
  )
  .optional();

/**
 * An alarm name that CloudWatch allows, without leading or trailing spaces.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
 */
const alarmName = z.string().regex(/^(?! )[\x20-\x7e]{1,255}(?<! )$/, {
  error: 'must be an alarm name of at most 255 ASCII characters without leading or trailing spaces',
});

const NO_TAG = 'must be such as { key = "…", value = "…" }';

const tag = z
  .strictObject(
    {
      key: z.string({ error: NO_TAG }).regex(/^(?! )[\w .:/=+@-]{1,128}(?<! )$/, { error: 'must be the key of a tag' }),
      value: z
        .string({ error: NO_TAG })
        .regex(/^(?! )[\w .:/=+@-]{1,256}(?<! )$/, { error: 'must be the value of a tag' }),
    },
    { error: NO_TAG },
  )
  .optional();

/** The table `[revoke_on]`: the events that revoke tokens. Events that are not listed are ignored. */
export const revokeOn = z.strictObject(
  {
    ecs_task_stopped: on,
    ec2_instance_stopped: on,
    lambda_function_deleted: on,
    iam_role_deleted: on,
    iam_user_deleted: on,
    iam_access_key_disabled: on,
    iam_tagged: tag,
    codepipeline_finished: on,
    codebuild_finished: on,
    guardduty_finding: finding(10),
    security_hub_finding: finding(100),
    cloudwatch_alarm: z
      .record(alarmName, configuredRevocation, { error: 'must be a table of alarms, by name' })
      .refine((alarms) => Object.keys(alarms).length > 0, { error: 'must name at least one alarm' })
      .optional(),
    resource_tagged: tag,
    project_archived: sources,
    workload_deactivated: sources,
    task_done: sources,
  },
  { error: 'must be a table' },
) satisfies z.ZodType<RevokeOn>;
