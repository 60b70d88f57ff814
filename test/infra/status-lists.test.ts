import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { statementsOf, synthesize } from './synthesize.ts';

const template = synthesize('status_list_ttl = "10s"\nstatus_list_size = 8000');
const [table] = Object.keys(
  template.findResources('AWS::DynamoDB::Table', {
    Properties: { KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] },
  }),
);
const keys = template.findResources('AWS::KMS::Key', {
  Properties: { Description: 'Signs status lists of the token vending machine' },
});
const [key = ''] = Object.keys(keys);
const arnOf = (id: string | undefined) => ({ 'Fn::GetAtt': [id, 'Arn'] });
const allowed = (useCase: string, action: string) =>
  statementsOf(template, useCase).filter(({ Effect, Action }) => Effect === 'Allow' && Action.includes(action));

describe('the status lists', () => {
  it('are protected from deletion, encrypted with a customer-managed key, backed up, and have no stream', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        StreamSpecification: Match.absent(),
      },
    });
  });

  it('are signed with their own key, only by the function that updates them', () => {
    expect(Object.keys(keys)).toHaveLength(1);
    expect(allowed('update-status-lists', 'kms:Sign')).toMatchObject([{ Resource: arnOf(key) }]);
    expect(allowed('issue-token', 'kms:Sign').map(({ Resource }) => Resource)).not.toContainEqual(arnOf(key));
    const deny = keys[key]?.Properties.KeyPolicy.Statement.find((one: { Effect: string }) => one.Effect === 'Deny');
    expect(deny).toMatchObject({ Sid: 'OnlyItsSignerSigns', Action: 'kms:Sign', Principal: { AWS: '*' } });
    expect(JSON.stringify(deny.Condition.ArnNotLike['aws:PrincipalArn'])).toMatch(/updatestatuslistsrole\w+","Arn"/);
    const verifying = template.findResources('AWS::Lambda::Function', {
      Properties: { Environment: { Variables: { VERIFICATION_KEY_ARNS: Match.anyValue() } } },
    });
    expect(Object.keys(verifying)).not.toHaveLength(0);
    expect(JSON.stringify(verifying)).not.toContain(key);
  });

  it('let issue-token lease indexes, and change nothing else', () => {
    const leases = statementsOf(template, 'issue-token').filter(
      ({ Resource }) => JSON.stringify(Resource) === JSON.stringify(arnOf(table)),
    );
    expect(leases).toMatchObject([
      {
        Action: ['dynamodb:UpdateItem'],
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ALLOCATION'] } },
      },
    ]);
  });

  it('do not let update-status-lists lease indexes', () => {
    expect(allowed('update-status-lists', 'dynamodb:UpdateItem')).toMatchObject([
      {
        Resource: arnOf(table),
        Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['OLDEST'] } },
      },
    ]);
    expect(allowed('update-status-lists', 'dynamodb:PutItem')).toMatchObject([
      { Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['LIST#*'] } } },
    ]);
  });

  it('are updated only by audit events and a schedule', () => {
    const rules = Object.entries(template.findResources('AWS::Events::Rule')).filter(([id]) =>
      id.includes('statuslists'),
    );
    expect(rules.map(([, { Properties }]) => Properties.EventPattern ?? Properties.ScheduleExpression)).toEqual(
      expect.arrayContaining([
        { source: ['tvm'], 'detail-type': ['Token Revoked'] },
        { source: ['tvm'], 'detail-type': ['Token Issued'], detail: { statusList: { index: [0] } } },
        'rate(1 minute)',
      ]),
    );
    expect(rules).toHaveLength(3);
    const queues = Object.values(template.findResources('AWS::SQS::QueuePolicy'))
      .filter(({ Properties }) => JSON.stringify(Properties.Queues).includes('statuslistsqueue'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Effect }) => Effect === 'Allow');
    expect(queues).toMatchObject([
      { Condition: { ArnEquals: { 'aws:SourceArn': rules.map(([id]) => arnOf(id)) } }, Action: 'sqs:SendMessage' },
    ]);
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 1_000,
      MaximumBatchingWindowInSeconds: 1,
      ScalingConfig: { MaximumConcurrency: 2 },
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
  });

  it('are public, on three paths', () => {
    const open = Object.values(template.findResources('AWS::ApiGateway::Method'))
      .map(({ Properties }) => Properties)
      .filter(({ Integration }) => JSON.stringify(Integration).includes('servestatuslist'));
    const methods = open.map(({ HttpMethod, AuthorizationType }) => [HttpMethod, AuthorizationType]);
    for (const method of ['GET', 'HEAD', 'OPTIONS'])
      expect(methods.filter(([own]) => own === method)).toEqual(Array(3).fill([method, 'NONE']));
    expect(methods).toHaveLength(9);
  });
});
