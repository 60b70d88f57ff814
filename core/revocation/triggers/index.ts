import type { RequestedRevocation } from '@tvm/contract/revocation.ts';
import { type AlarmSettings, cloudwatchAlarm } from './cloudwatch-alarm.ts';
import { codebuildFinished } from './codebuild-finished.ts';
import { codepipelineFinished } from './codepipeline-finished.ts';
import { ec2InstanceStopped } from './ec2-instance-stopped.ts';
import { ecsTaskStopped } from './ecs-task-stopped.ts';
import type { SeveritySettings } from './finding.ts';
import { guarddutyFinding } from './guardduty-finding.ts';
import { iamAccessKeyDisabled } from './iam-access-key-disabled.ts';
import { iamRoleDeleted } from './iam-role-deleted.ts';
import { iamTagged } from './iam-tagged.ts';
import { iamUserDeleted } from './iam-user-deleted.ts';
import { lambdaFunctionDeleted } from './lambda-function-deleted.ts';
import type { SourceSettings } from './own-event.ts';
import { projectArchived } from './project-archived.ts';
import { resourceTagged, type TagSettings } from './resource-tagged.ts';
import { securityHubFinding } from './security-hub-finding.ts';
import { taskDone } from './task-done.ts';
import { problemIn, type Trigger, type TriggeredRevocations, type TriggerPattern, triggerEvent } from './trigger.ts';
import { workloadDeactivated } from './workload-deactivated.ts';

/** The settings of each trigger in the configuration; `true` for a trigger without settings. */
interface SettingsOf {
  ecs_task_stopped: boolean;
  ec2_instance_stopped: boolean;
  lambda_function_deleted: boolean;
  iam_role_deleted: boolean;
  iam_user_deleted: boolean;
  iam_access_key_disabled: boolean;
  iam_tagged: TagSettings;
  codepipeline_finished: boolean;
  codebuild_finished: boolean;
  guardduty_finding: SeveritySettings;
  security_hub_finding: SeveritySettings;
  cloudwatch_alarm: AlarmSettings;
  resource_tagged: TagSettings;
  project_archived: SourceSettings;
  workload_deactivated: SourceSettings;
  task_done: SourceSettings;
}

export type TriggerName = keyof SettingsOf;

/** The enabled triggers and their settings. A trigger that is absent or `false` is disabled. */
export type RevokeOn = { [Name in TriggerName]?: SettingsOf[Name] | undefined };

/** The content of `triggers.json`, which is deployed with the code. */
export interface TriggerSettings {
  revokeOn: RevokeOn;
  /**
   * The prefix of the sources of AWS's own events. PutEvents rejects the prefix `aws.`, on AWS and on an emulator, so
   * that nobody can forge these events. Only on an emulator, tests therefore send them with the prefix `local.aws.`.
   */
  awsSources: 'aws.' | 'local.aws.';
}

/** All revocation triggers, by their name in the configuration. */
export const TRIGGERS: { readonly [Name in TriggerName]: Trigger<SettingsOf[Name]> } = {
  ecs_task_stopped: ecsTaskStopped,
  ec2_instance_stopped: ec2InstanceStopped,
  lambda_function_deleted: lambdaFunctionDeleted,
  iam_role_deleted: iamRoleDeleted,
  iam_user_deleted: iamUserDeleted,
  iam_access_key_disabled: iamAccessKeyDisabled,
  iam_tagged: iamTagged,
  codepipeline_finished: codepipelineFinished,
  codebuild_finished: codebuildFinished,
  guardduty_finding: guarddutyFinding,
  security_hub_finding: securityHubFinding,
  cloudwatch_alarm: cloudwatchAlarm,
  resource_tagged: resourceTagged,
  project_archived: projectArchived,
  workload_deactivated: workloadDeactivated,
  task_done: taskDone,
};

const NAMES = Object.keys(TRIGGERS) as TriggerName[];

/** An enabled trigger with its settings. */
interface EnabledTrigger {
  name: TriggerName;
  pattern: TriggerPattern;
  revokes(event: Parameters<Trigger<never>['revokes']>[0]): TriggeredRevocations;
}

/** Returns the enabled triggers with their patterns. The patterns name AWS's own sources with the prefix `aws.`. */
export function switchedOn(revokeOn: RevokeOn): EnabledTrigger[] {
  return NAMES.flatMap((name) => withSettings(name, revokeOn[name]));
}

function withSettings<Name extends TriggerName>(name: Name, settings: RevokeOn[Name]): EnabledTrigger[] {
  if (!settings) return [];
  const trigger: Trigger<SettingsOf[Name]> = TRIGGERS[name];
  const pattern = trigger.pattern(settings);
  return [{ name, pattern, revokes: (event) => trigger.revokes(event, settings) }];
}

/**
 * Returns the revocations that an EventBridge event triggers.
 *
 * The caller must check that the envelope's `account` is the service's own account. All resources in the detail must
 * belong to that account.
 *
 * @param unverifiedEvent an event that a rule of the service delivered
 * @returns `undefined` if no enabled trigger matches; the problem if one matches but the event is malformed
 */
export function revocationsTriggeredBy(
  unverifiedEvent: unknown,
  { revokeOn, awsSources }: TriggerSettings,
): { trigger: TriggerName; revocations: RequestedRevocation[] } | { problem: string } | undefined {
  const parsed = triggerEvent.safeParse(unverifiedEvent);
  if (!parsed.success) return { problem: problemIn(parsed.error) };
  const event = { ...parsed.data, source: documentedSource(parsed.data.source, awsSources) };
  for (const { name, pattern, revokes } of switchedOn(revokeOn)) {
    if (pattern.source?.includes(event.source) === false || !pattern['detail-type'].includes(event['detail-type']))
      continue;
    const revoked = revokes(event);
    if ('problem' in revoked) return revoked;
    if (revoked.length > 0) return { trigger: name, revocations: revoked };
  }
  return undefined;
}

/**
 * Returns the documented source of an event. Returns an empty string, which matches no trigger, for a source `aws.…`
 * that this deployment does not trust.
 */
function documentedSource(source: string, awsSources: TriggerSettings['awsSources']): string {
  if (source.startsWith(awsSources)) return `aws.${source.slice(awsSources.length)}`;
  return source.startsWith('aws.') ? '' : source;
}
