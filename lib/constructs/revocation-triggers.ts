import { switchedOn, type TriggerSettings } from '@tvm/core/revocation/triggers/index.ts';
import type { TriggerPattern } from '@tvm/core/revocation/triggers/trigger.ts';
import { EventBus, type EventPattern } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import type { Brought } from './event-flow.ts';

/** What the function that revokes by event is told of the triggers that are switched on: `triggers.json`. */
export function triggerSettings({ revoke_on: revokeOn, emulator }: Config): TriggerSettings {
  return { revokeOn, awsSources: emulator === undefined ? 'aws.' : 'local.aws.' };
}

/**
 * A rule for each trigger that is switched on: AWS's own events come on the account's default bus, those of one's own
 * systems on the machine's.
 *
 * @param scope the construct that the rules are of
 */
export function triggerRules(scope: Construct, config: Config): Brought['rules'] {
  const { awsSources } = triggerSettings(config);
  const defaultBus = EventBus.fromEventBusName(scope, 'default-bus', 'default');
  return switchedOn(config.revoke_on).map(({ name, pattern }) => ({
    name: name.replaceAll('_', '-'),
    description: `Takes tokens back: ${name}`,
    pattern: eventPattern(pattern, awsSources),
    ...(pattern.source && { bus: defaultBus }),
  }));
}

/** A trigger's pattern as CDK has it. @param awsSources what AWS's own sources begin with */
export function eventPattern(
  { source, 'detail-type': detailType, detail }: TriggerPattern,
  awsSources: TriggerSettings['awsSources'],
): EventPattern {
  return {
    ...(source && { source: source.map((name) => name.replace(/^aws\./, awsSources)) }),
    detailType: [...detailType],
    ...(detail && { detail }),
  };
}
