import { readFileSync } from 'node:fs';
import { TRIGGERS } from '@tvm/core/revocation/triggers/index.ts';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/config/config.ts';

const revokeOn = (toml: string) => parseConfig(toml, 'config/x.toml').revoke_on;

describe('revoke_on', () => {
  it('is empty by default, so that no event revokes tokens', () => {
    expect(revokeOn('')).toEqual({});
  });

  it('lists all triggers as comments in the production stage, and enables all of them in the local stage', () => {
    const production = readFileSync('config/production.toml', 'utf8');
    const shown = production.slice(production.indexOf('# [revoke_on]')).replaceAll(/^# /gm, '');
    expect(Object.keys(revokeOn(shown)).sort()).toEqual(Object.keys(TRIGGERS).sort());
    const local = revokeOn(readFileSync('config/local.toml', 'utf8'));
    expect(Object.keys(local).sort()).toEqual(Object.keys(TRIGGERS).sort());
  });

  it('has the options of an operator’s revocation for an alarm', () => {
    const toml = `[revoke_on.cloudwatch_alarm]
      egress = { subject = "arn:aws:iam::111122223333:role/path/orders", reason = "egress", block_for = 60 }
      everything = { all = true }`;
    expect(revokeOn(toml).cloudwatch_alarm).toEqual({
      egress: { selector: { subject: 'arn:aws:iam::111122223333:role/orders' }, reason: 'egress', blockFor: 60 },
      everything: { selector: { all: true } },
    });
  });

  it.each([
    ['revoke_on = true', 'revoke_on must be a table'],
    ['[revoke_on]\neks_pod_stopped = true', 'revoke_on.eks_pod_stopped is not a configuration key'],
    ['[revoke_on]\necs_task_stopped = "yes"', 'revoke_on.ecs_task_stopped must be true or false'],
    ['[revoke_on]\nguardduty_finding = true', 'revoke_on.guardduty_finding must be such as { severity = … }'],
    [
      '[revoke_on.guardduty_finding]\nseverity = 0',
      'revoke_on.guardduty_finding.severity must be a number from 1 to 10',
    ],
    [
      '[revoke_on.security_hub_finding]\nseverity = 101',
      'revoke_on.security_hub_finding.severity must be a number from 1 to 100',
    ],
    ['[revoke_on]\ncloudwatch_alarm = {}', 'revoke_on.cloudwatch_alarm must name at least one alarm'],
    ['[revoke_on.cloudwatch_alarm]\na = {}', 'revoke_on.cloudwatch_alarm.a.all must be true to select every token'],
    [
      '[revoke_on.cloudwatch_alarm]\na = { task = "t", block_for = 9 }',
      'revoke_on.cloudwatch_alarm.a.block_for is only allowed if the subject is the only filter',
    ],
    ['[revoke_on.resource_tagged]\nkey = "k"', 'revoke_on.resource_tagged.value is missing; it must be such as'],
    ['[revoke_on.resource_tagged]\nkey = "*"\nvalue = "v"', 'revoke_on.resource_tagged.key must be the key of a tag'],
    ['[revoke_on]\ntask_done = { sources = [] }', 'revoke_on.task_done.sources must name at least one event source'],
    [
      '[revoke_on]\ntask_done = { sources = ["tvm"] }',
      'revoke_on.task_done.sources.0 must be an event source of your own',
    ],
    [
      '[revoke_on]\ntask_done = { sources = ["aws.ecs"] }',
      'revoke_on.task_done.sources.0 must be an event source of your own',
    ],
  ])('is refused: %s', (toml, message) => {
    expect(() => revokeOn(toml)).toThrow(message);
  });
});
