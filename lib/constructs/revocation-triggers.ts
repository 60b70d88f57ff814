import { switchedOn, type TriggerSettings } from '@tvm/core/revocation/triggers/index.ts';
import type { TriggerPattern } from '@tvm/core/revocation/triggers/trigger.ts';
import { EventBus, type EventPattern } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import type { EventDelivery } from './event-flow.ts';

/** Returns the settings of the enabled triggers, which revoke-tokens-by-event reads from `triggers.json`. */
export function triggerSettings({ revoke_on: revokeOn, emulator }: Config): TriggerSettings {
  return { revokeOn, awsSources: emulator === undefined ? 'aws.' : 'local.aws.' };
}

/**
 * Returns a rule for each enabled trigger. AWS's own events arrive on the account's default bus, and those of other
 * systems on the bus `tvm`.
 *
 * @param scope the construct that contains the rules
 */
export function triggerRules(scope: Construct, config: Config): EventDelivery['rules'] {
  const { awsSources } = triggerSettings(config);
  const defaultBus = EventBus.fromEventBusName(scope, 'default-bus', 'default');
  return switchedOn(config.revoke_on).map(({ name, pattern }) => ({
    name: name.replaceAll('_', '-'),
    description: `Revokes tokens: ${name}`,
    pattern: eventPattern(pattern, awsSources),
    ...(pattern.source && { bus: defaultBus }),
  }));
}

/** Converts a trigger's pattern to CDK's format. @param awsSources the prefix of AWS's own sources */
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
