import type { RevokeOn } from '@tvm/core/revocation/triggers/index.ts';

/** All revocation triggers, enabled, with the settings that the example events need. */
export const everything = {
  ecs_task_stopped: true,
  ec2_instance_stopped: true,
  lambda_function_deleted: true,
  iam_role_deleted: true,
  iam_user_deleted: true,
  iam_access_key_disabled: true,
  iam_tagged: { key: 'tvm-state', value: 'deactivated' },
  codepipeline_finished: true,
  codebuild_finished: true,
  guardduty_finding: { severity: 7 },
  security_hub_finding: { severity: 70 },
  cloudwatch_alarm: { ServerCpuTooHigh: { selector: { audience: 'orders-db' } } },
  resource_tagged: { key: 'tvm-state', value: 'deactivated' },
  project_archived: { sources: ['platform.portal'] },
  workload_deactivated: { sources: ['platform.portal'] },
  task_done: { sources: ['platform.portal'] },
} as const satisfies RevokeOn;
