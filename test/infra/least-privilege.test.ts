import { describe, expect, it } from 'vitest';
import { statementsOf, synthesize } from './synthesize.ts';

const template = synthesize(
  'revocation_sources = ["security.team"]\nsigning_keys = { first = "ECC_NIST_P256", second = "RSA_2048" }',
);

/** What every function may do: write its log, its traces, and use the key that encrypts the table. */
const COMMON = ['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'];
const TABLE_KEY = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const DEAD_LETTERS = [
  'kms:Decrypt',
  'kms:Encrypt',
  'kms:GenerateDataKey*',
  'kms:ReEncrypt*',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:SendMessage',
];
const STREAM = ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'];
const QUEUE = [
  'sqs:ChangeMessageVisibility',
  'sqs:DeleteMessage',
  'sqs:GetQueueAttributes',
  'sqs:GetQueueUrl',
  'sqs:ReceiveMessage',
];

it.each([
  [
    'issue-token',
    [...TABLE_KEY, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'kms:GetPublicKey', 'kms:Sign'],
  ],
  ['explain-token', []],
  ['introspect-token', [...TABLE_KEY, 'dynamodb:GetItem', 'kms:GetPublicKey']],
  ['revoke-own-token', [...TABLE_KEY, 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'kms:GetPublicKey']],
  ['revoke-tokens', [...TABLE_KEY, 'dynamodb:Query', 'dynamodb:UpdateItem']],
  ['revoke-tokens-by-event', [...TABLE_KEY, ...QUEUE, ...DEAD_LETTERS, 'dynamodb:Query', 'dynamodb:UpdateItem']],
  ['serve-discovery', ['kms:GetPublicKey']],
  ['publish-audit', [...STREAM, ...DEAD_LETTERS, 'events:PutEvents', 'kms:DescribeKey']],
])('%s may do what its use case does, and nothing else', (useCase, actions) => {
  const allowed = statementsOf(template, useCase).flatMap(({ Effect, Action }) => (Effect === 'Allow' ? Action : []));
  expect([...new Set(allowed)].sort()).toEqual([...new Set([...COMMON, ...actions])].sort());
});

it('what decides finds the records of a workload only where a policy asks what it did lately', () => {
  const watchful = synthesize(
    '',
    '@id("calm") forbid (principal, action, resource) when { context.behaviour.denied > 20 };',
  );
  for (const useCase of ['issue-token', 'explain-token']) {
    const queries = (of: typeof template) =>
      statementsOf(of, useCase).filter(({ Action }) => Action.includes('dynamodb:Query'));
    expect(queries(template)).toEqual([]);
    expect(queries(watchful)).toMatchObject([
      { Resource: { 'Fn::Join': ['', [expect.anything(), '/index/by-subject']] } },
    ]);
  }
});

describe('signing', () => {
  const keys = template.findResources('AWS::KMS::Key', { Properties: { KeyUsage: 'SIGN_VERIFY' } });
  const signingKey = Object.keys(keys).find((id) => id.startsWith('signingkeyfirst')) ?? '';

  it('is for issue-token alone, with the key that the configuration names', () => {
    const roles = [
      'issue-token',
      'explain-token',
      'introspect-token',
      'revoke-own-token',
      'revoke-tokens',
      'revoke-tokens-by-event',
      'serve-discovery',
      'publish-audit',
    ];
    const signers = roles.filter((role) =>
      statementsOf(template, role).some(({ Action }) => Action.includes('kms:Sign')),
    );
    expect(signers).toEqual(['issue-token']);
    const [sign, ...more] = statementsOf(template, 'issue-token').filter(({ Action }) => Action.includes('kms:Sign'));
    expect(more).toEqual([]);
    expect(sign?.Resource).toEqual({ 'Fn::GetAtt': [signingKey, 'Arn'] });
    const everyPolicy = JSON.stringify(template.findResources('AWS::IAM::ManagedPolicy'));
    expect(everyPolicy).not.toContain('kms:');
  });

  it('is denied to everybody with a key that only verifies', () => {
    const other = Object.entries(keys).find(([id]) => id.startsWith('signingkeysecond'))?.[1];
    const deny = other?.Properties.KeyPolicy.Statement.find((one: { Effect: string }) => one.Effect === 'Deny');
    expect(deny).toMatchObject({ Action: 'kms:Sign', Principal: { AWS: '*' }, Resource: '*' });
    expect(deny).not.toHaveProperty('Condition');
  });

  it('is denied to everybody else by the key itself', () => {
    const deny = keys[signingKey]?.Properties.KeyPolicy.Statement.find(
      (one: { Effect: string }) => one.Effect === 'Deny',
    );
    expect(deny).toMatchObject({
      Sid: 'OnlyTheIssuerSigns',
      Action: 'kms:Sign',
      Principal: { AWS: '*' },
      Resource: '*',
    });
    expect(JSON.stringify(deny.Condition.ArnNotLike['aws:PrincipalArn'])).toMatch(
      /issuetokenrole\w+","Arn".*assumed-role/,
    );
  });
});

describe('the audit', () => {
  it('is put on the bus by the publisher alone', () => {
    const [bus] = Object.values(template.findResources('AWS::Events::EventBus'));
    expect(bus?.Properties.Policy.Statement).toMatchObject([
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 'events:PutEvents',
        Condition: { 'ForAnyValue:StringEquals': { 'events:source': 'tvm' } },
      },
    ]);
    expect(JSON.stringify(bus?.Properties.Policy.Statement[0].Condition.ArnNotLike)).toMatch(/publishauditrole/);
    const put = statementsOf(template, 'publish-audit').find(({ Action }) => Action.includes('events:PutEvents'));
    expect(put?.Condition).toEqual({ 'ForAllValues:StringEquals': { 'events:source': 'tvm' } });
  });
});

describe('callers', () => {
  const policies = Object.entries(template.findResources('AWS::IAM::ManagedPolicy'));
  const invokes = (kind: string) => {
    const [, policy] = policies.find(([id]) => id.includes(kind)) ?? [];
    const statement = policy?.Properties.PolicyDocument.Statement.find(
      (one: { Action: string }) => one.Action === 'execute-api:Invoke',
    );
    return [statement.Resource].flat().map((resource) => JSON.stringify(resource).match(/\/v1\/(POST\/[a-z/]+)/)?.[1]);
  };

  it.each([
    ['workload', ['POST/explain', 'POST/revoke', 'POST/token']],
    ['resourceserver', ['POST/introspect']],
    ['operator', ['POST/explain/any', 'POST/revocations']],
  ])('a %s may call its own paths', (kind, paths) => {
    expect(invokes(kind).sort()).toEqual(paths);
  });

  it('an operator may request revocations on the bus, as a configured source and nothing else', () => {
    const [, policy] = policies.find(([id]) => id.includes('operator')) ?? [];
    const put = policy?.Properties.PolicyDocument.Statement.find(
      (one: { Action: string }) => one.Action === 'events:PutEvents',
    );
    expect(put.Condition['ForAllValues:StringEquals']).toEqual({
      'events:source': ['security.team'],
      'events:detail-type': 'Revocation Requested',
    });
  });
});
