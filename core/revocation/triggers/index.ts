import type { AskedRevocation } from '@tvm/contract/revocation.ts';
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
import { problemIn, type Revoked, type Trigger, type TriggerPattern, triggerEvent } from './trigger.ts';
import { workloadDeactivated } from './workload-deactivated.ts';

/** What each trigger is told by the configuration: `true`, where there is nothing to tell. */
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

/** Which triggers take tokens back. What is absent, or `false`, does not. */
export type RevokeOn = { [Name in TriggerName]?: SettingsOf[Name] | undefined };

/** `triggers.json` beside the code. */
export interface TriggerSettings {
  revokeOn: RevokeOn;
  /**
   * What the sources of AWS's own events begin with. An emulator refuses `aws.` in PutEvents, as AWS does, where nobody
   * can forge it; so in an emulator, and nowhere else, tests put them as `local.aws.`.
   */
  awsSources: 'aws.' | 'local.aws.';
}

/** Everything that can take tokens back, by the name that the configuration gives it. */
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

/** A trigger that is switched on, with what the configuration tells it. */
interface SwitchedOn {
  name: TriggerName;
  pattern: TriggerPattern;
  revokes(event: Parameters<Trigger<never>['revokes']>[0]): Revoked;
}

/** The triggers that are switched on, with their patterns. AWS's own sources are `aws.…` in them. */
export function switchedOn(revokeOn: RevokeOn): SwitchedOn[] {
  return NAMES.flatMap((name) => withSettings(name, revokeOn[name]));
}

function withSettings<Name extends TriggerName>(name: Name, settings: RevokeOn[Name]): SwitchedOn[] {
  if (!settings) return [];
  const trigger: Trigger<SettingsOf[Name]> = TRIGGERS[name];
  const pattern = trigger.pattern(settings);
  return [{ name, pattern, revokes: (event) => trigger.revokes(event, settings) }];
}

/**
 * What an event of EventBridge says has happened, and which tokens go for it.
 *
 * Whether it is of the machine's own account is the caller's to check, by the envelope's `account`. Whatever the detail
 * names must be of that account.
 *
 * @param unverifiedEvent an event as a rule of the machine brought it
 * @returns `undefined` where it says nothing that is switched on; the problem of an event that does, but is malformed
 */
export function whatHappened(
  unverifiedEvent: unknown,
  { revokeOn, awsSources }: TriggerSettings,
): { trigger: TriggerName; revocations: AskedRevocation[] } | { problem: string } | undefined {
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

/** The source as its documentation has it; empty, which nobody has, for one of AWS's where it cannot be. */
function documentedSource(source: string, awsSources: TriggerSettings['awsSources']): string {
  if (source.startsWith(awsSources)) return `aws.${source.slice(awsSources.length)}`;
  return source.startsWith('aws.') ? '' : source;
}
