import { type HappeningSettings, switchedOn } from '@tvm/core/revocation/triggers/index.ts';
import type { HappeningPattern } from '@tvm/core/revocation/triggers/trigger.ts';
import { EventBus, type EventPattern } from 'aws-cdk-lib/aws-events';
import type { Construct } from 'constructs';
import type { Config } from '../config/config.ts';
import type { Brought } from './event-flow.ts';

/** What the function that revokes by event is told of the happenings that are switched on: `happenings.json`. */
export function happeningSettings({ revoke_on: revokeOn, emulator }: Config): HappeningSettings {
  return { revokeOn, awsSources: emulator === undefined ? 'aws.' : 'local.aws.' };
}

/**
 * A rule for each happening that is switched on: AWS's own events come on the account's default bus, those of one's own
 * systems on the machine's.
 *
 * @param scope the construct that the rules are of
 */
export function happeningRules(scope: Construct, config: Config): Brought['rules'] {
  const { awsSources } = happeningSettings(config);
  const defaultBus = EventBus.fromEventBusName(scope, 'default-bus', 'default');
  return switchedOn(config.revoke_on).map(({ name, pattern }) => ({
    name: name.replaceAll('_', '-'),
    description: `Takes tokens back: ${name}`,
    pattern: eventPattern(pattern, awsSources),
    ...(pattern.source && { bus: defaultBus }),
  }));
}

/** A happening's pattern as CDK has it. @param awsSources what AWS's own sources begin with */
export function eventPattern(
  { source, 'detail-type': detailType, detail }: HappeningPattern,
  awsSources: HappeningSettings['awsSources'],
): EventPattern {
  return {
    ...(source && { source: source.map((name) => name.replace(/^aws\./, awsSources)) }),
    detailType: [...detailType],
    ...(detail && { detail }),
  };
}
