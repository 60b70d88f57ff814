import { type RevokeOn, TRIGGERS, type TriggerName } from '@tvm/core/revocation/triggers/index.ts';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '#lib/config/config.ts';
import { triggerSettings } from '#lib/constructs/revocation-triggers.ts';
import { GlobalEventsStack, needsGlobalEvents } from '#lib/global-events-stack.ts';
import { everything } from '../fakes/revoke-on.ts';
import { synthesize, synthesizeWithRules } from './synthesize.ts';

const EVERYTHING = `
  [revoke_on]
  ecs_task_stopped = true
  ec2_instance_stopped = true
  lambda_function_deleted = true
  iam_role_deleted = true
  iam_user_deleted = true
  iam_access_key_disabled = true
  iam_tagged = { key = "tvm-state", value = "deactivated" }
  codepipeline_finished = true
  codebuild_finished = true
  guardduty_finding = { severity = 7 }
  security_hub_finding = { severity = 70 }
  cloudwatch_alarm = { ServerCpuTooHigh = { audience = "orders-db" } }
  resource_tagged = { key = "tvm-state", value = "deactivated" }
  project_archived = { sources = ["platform.portal"] }
  workload_deactivated = { sources = ["platform.portal"] }
  task_done = { sources = ["platform.portal"] }
`;
const LOCAL = `emulator = { api_id = "tvm-local" }\n${EVERYTHING}`;

interface Rule {
  Description: string;
  EventBusName: unknown;
  EventPattern: { source?: string[]; 'detail-type': string[] };
  Targets: { Arn: unknown; DeadLetterConfig?: unknown }[];
}

const template = synthesize(EVERYTHING);

/** The rules of a stage's triggers, by trigger name. */
function rulesIn(template: Template): Record<string, Rule> {
  const rules = Object.values(template.findResources('AWS::Events::Rule')).map(({ Properties }) => Properties as Rule);
  const named = rules.map((rule) => [/^Revokes tokens: (\w+)$/.exec(rule.Description)?.[1], rule] as const);
  return Object.fromEntries(named.filter(([name]) => name !== undefined));
}

describe('a revocation trigger', () => {
  it('has no rules by default, so that no event revokes tokens', () => {
    expect(rulesIn(synthesize('[revoke_on]\necs_task_stopped = false'))).toEqual({});
  });

  it('has a rule each, for AWS’s events on the default bus and for others on the bus tvm', () => {
    const rules = rulesIn(template);
    expect(Object.keys(rules).sort()).toEqual(Object.keys(TRIGGERS).sort());
    for (const [name, { EventBusName, EventPattern }] of Object.entries(rules)) {
      const ofAws = TRIGGERS[name as TriggerName].example.source.startsWith('aws.');
      expect([name, EventBusName]).toEqual([name, ofAws ? 'default' : { Ref: expect.stringContaining('bus') }]);
      const { source, 'detail-type': detailType } = TRIGGERS[name as TriggerName].example;
      expect(EventPattern).toMatchObject({ ...(ofAws && { source: [source] }), 'detail-type': [detailType] });
    }
  });

  it('reaches the function through its queue, which accepts only these rules, and otherwise a dead-letter queue', () => {
    const targets = Object.values(rulesIn(template)).flatMap(({ Targets }) => Targets);
    const queue = { 'Fn::GetAtt': [expect.stringContaining('revoketokensbyeventqueue'), 'Arn'] };
    for (const target of targets) expect(target).toMatchObject({ Arn: queue, DeadLetterConfig: { Arn: {} } });
    const statements = Object.values(template.findResources('AWS::SQS::QueuePolicy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    const letIn = statements.filter(
      ({ Effect, Resource }) => Effect === 'Allow' && JSON.stringify(Resource).includes('revoketokensbyeventqueue'),
    );
    expect(letIn).toHaveLength(1);
    // One rule for each trigger, and one for revocation requests.
    expect(letIn[0].Condition.ArnEquals['aws:SourceArn']).toHaveLength(Object.keys(TRIGGERS).length + 1);
  });

  it('passes the configuration to the function', () => {
    const settings = triggerSettings(parseConfig(EVERYTHING, 'config/test.toml'));
    expect(JSON.parse(JSON.stringify(settings))).toEqual({ revokeOn: everything, awsSources: 'aws.' });
  });

  it('breaks no rule of cdk-nag', () => {
    expect(() => synthesizeWithRules(EVERYTHING)).not.toThrow();
  });
});

describe('local.aws.…', () => {
  it('replaces aws.… in an emulator’s stage', () => {
    const sources = Object.values(rulesIn(synthesize(LOCAL))).flatMap(({ EventPattern }) => EventPattern.source ?? []);
    expect(sources).toHaveLength(13);
    for (const source of sources) expect(source).toMatch(/^local\.aws\./);
    expect(triggerSettings(parseConfig(LOCAL, 'config/test.toml')).awsSources).toBe('local.aws.');
  });

  it('is not accepted in other stages, by a rule, by the function or as an event source of one’s own', () => {
    expect(JSON.stringify(template.toJSON())).not.toContain('local.aws');
    expect(triggerSettings(parseConfig(EVERYTHING, 'config/test.toml')).awsSources).toBe('aws.');
    const own = '[revoke_on]\ntask_done = { sources = ["local.aws.ecs"] }';
    expect(() => parseConfig(own, 'config/test.toml')).toThrow('must be an event source of your own');
  });
});

describe('IAM events, which appear only in us-east-1', () => {
  function globalEvents(revokeOn: RevokeOn) {
    const app = new App();
    const stack = new GlobalEventsStack(app, 'Global', {
      env: { region: 'us-east-1' },
      revokeOn,
      serviceRegion: 'eu-central-1',
    });
    return { app, template: Template.fromStack(stack) };
  }
  const { app, template } = globalEvents(everything);
  const machineBus = {
    'Fn::Join': [
      '',
      ['arn:', { Ref: 'AWS::Partition' }, ':events:eu-central-1:', { Ref: 'AWS::AccountId' }, Match.anyValue()],
    ],
  };

  it('are forwarded to the default bus of the service’s region, if they are enabled', () => {
    const rules = Object.values(template.findResources('AWS::Events::Rule'));
    expect(rules.map(({ Properties }) => Properties.EventPattern)).toEqual([
      expect.objectContaining({ source: ['aws.iam'], detail: expect.objectContaining({ eventName: ['DeleteRole'] }) }),
      expect.objectContaining({ source: ['aws.iam'], detail: expect.objectContaining({ eventName: ['DeleteUser'] }) }),
      expect.objectContaining({
        source: ['aws.iam'],
        detail: expect.objectContaining({ eventName: ['UpdateAccessKey', 'DeleteAccessKey'] }),
      }),
      expect.objectContaining({
        source: ['aws.iam'],
        detail: expect.objectContaining({ eventName: ['TagRole', 'TagUser'] }),
      }),
    ]);
    for (const { Properties } of rules) {
      expect(JSON.stringify(Properties.Targets)).toContain(':event-bus/default');
      expect(Properties.Targets).toMatchObject([{ RoleArn: {}, DeadLetterConfig: {} }]);
    }
    globalEvents({ iam_role_deleted: true, ecs_task_stopped: true }).template.resourceCountIs('AWS::Events::Rule', 1);
  });

  it('are put there with a role that may do nothing else, and that only EventBridge for this account can assume', () => {
    template.resourceCountIs('AWS::IAM::Policy', 1);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: [{ Action: 'events:PutEvents', Effect: 'Allow', Resource: machineBus }] },
    });
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
    });
  });

  it('are stored, with an alarm, if they cannot be forwarded', () => {
    template.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 1_209_600 });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { Namespace: 'AWS/SQS', Threshold: 1 });
  });

  it('breaks no rule of cdk-nag', () => {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth({ force: true })).not.toThrow();
  });

  it.each<[string, RevokeOn, boolean]>([
    ['eu-central-1', { iam_role_deleted: true }, true],
    ['eu-central-1', { iam_tagged: { key: 'a', value: 'b' } }, true],
    ['eu-central-1', { resource_tagged: { key: 'a', value: 'b' } }, false],
    ['eu-central-1', { iam_role_deleted: false, ecs_task_stopped: true }, false],
    ['us-east-1', everything, false],
    ['cn-north-1', everything, false],
    ['us-gov-west-1', everything, false],
  ])('are needed in %s by %o: %s', (region, revokeOn, needed) => {
    expect(needsGlobalEvents(revokeOn, region)).toBe(needed);
  });
});
