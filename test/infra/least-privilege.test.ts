import { describe, expect, it } from 'vitest';
import { FEDERATED, statementsOf, synthesize } from './synthesize.ts';

const template = synthesize(
  'revocation_sources = ["security.team"]\nsigning_keys = { first = "ECC_NIST_P256", second = "RSA_2048" }',
  '',
  FEDERATED,
);

/** The permissions of every function: write logs and traces, and use the table's encryption key. */
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
/** The permissions of functions that submit, complete and continue revocation requests. */
const ORDERING = [
  'dynamodb:BatchGetItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:Query',
  'dynamodb:UpdateItem',
  ...DEAD_LETTERS,
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
  [
    'exchange-token',
    [...TABLE_KEY, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'kms:GetPublicKey', 'kms:Sign'],
  ],
  ['explain-token', [...TABLE_KEY, 'dynamodb:GetItem']],
  ['introspect-token', [...TABLE_KEY, 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'kms:GetPublicKey']],
  ['report-use', [...TABLE_KEY, 'dynamodb:PutItem', 'kms:GetPublicKey']],
  ['sweep-tokens', [...TABLE_KEY, 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem']],
  ['revoke-own-token', [...TABLE_KEY, ...ORDERING, 'kms:GetPublicKey']],
  ['revoke-tokens', [...TABLE_KEY, ...ORDERING]],
  ['revoke-tokens-by-event', [...TABLE_KEY, ...QUEUE, ...ORDERING]],
  ['lift-block', [...TABLE_KEY, 'dynamodb:PutItem', 'dynamodb:UpdateItem']],
  ['index-tokens', [...TABLE_KEY, ...QUEUE, 'dynamodb:BatchGetItem', 'dynamodb:BatchWriteItem']],
  [
    'list-tokens',
    [...TABLE_KEY, 'dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:Query', 'kms:GenerateMac', 'kms:VerifyMac'],
  ],
  ['detect-anomalies', [...TABLE_KEY, ...QUEUE, 'dynamodb:BatchGetItem', 'dynamodb:GetItem', 'dynamodb:PutItem']],
  ['count-tokens', [...TABLE_KEY, 'dynamodb:Query']],
  ['serve-discovery', ['kms:GetPublicKey']],
  [
    'update-status-lists',
    [
      ...TABLE_KEY,
      ...QUEUE,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
      'kms:GetPublicKey',
      'kms:Sign',
    ],
  ],
  ['serve-status-list', [...TABLE_KEY, 'dynamodb:GetItem', 'kms:GetPublicKey']],
  [
    'archive-audit',
    [
      ...TABLE_KEY,
      ...STREAM,
      ...DEAD_LETTERS,
      'dynamodb:BatchGetItem',
      'dynamodb:PutItem',
      'dynamodb:Query',
      's3:GetObject',
      's3:PutObject',
    ],
  ],
  [
    'digest-audit',
    [
      'kms:Decrypt',
      'kms:GenerateDataKey',
      'kms:GetPublicKey',
      'kms:Sign',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ],
  ],
  ['serve-audit-keys', ['kms:GetPublicKey']],
  ['publish-audit', [...TABLE_KEY, ...STREAM, ...DEAD_LETTERS, 'dynamodb:BatchGetItem', 'events:PutEvents']],
])('%s may do what its use case does, and nothing else', (useCase, actions) => {
  const allowed = statementsOf(template, useCase).flatMap(({ Effect, Action }) => (Effect === 'Allow' ? Action : []));
  expect([...new Set(allowed)].sort()).toEqual([...new Set([...COMMON, ...actions])].sort());
});

describe('a write', () => {
  /** The conditions of a function's write permissions. */
  const writes = (useCase: string) =>
    statementsOf(template, useCase)
      .filter(({ Action }) => Action.some((action) => /^dynamodb:(Put|Update)Item$/.test(action)))
      .map(({ Condition }) => Condition);

  it('by introspect-token changes neither a token’s state nor its times', () => {
    const attributes = ['pk', 'sk', 'tokenId', 'subject', 'audience', 'by', 'result', 'minute', 'last', 'count', 'ttl'];
    expect(writes('introspect-token')).toEqual([
      {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': 'TOKEN#*' },
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': attributes },
      },
    ]);
  });

  it('by report-use and sweep-tokens changes neither subject statuses nor revocations', () => {
    expect(writes('report-use')).toEqual([factsAlone]);
    expect(writes('sweep-tokens')).toEqual([only('FACT#*', 'DEPLOYMENT'), only('TOKEN#*', 'SWEEP')]);
  });

  it('of facts in a record’s partition cannot create a record that hides a revocation', () => {
    for (const useCase of ['report-use', 'detect-anomalies']) expect(writes(useCase)).toContainEqual(factsAlone);
    expect(writes('detect-anomalies')).toEqual([only('PROFILE#*'), factsAlone]);
  });

  it('by issue-token changes only records and pending entries, not blocks or watermarks', () => {
    const places = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ALLOCATION'] } };
    const lawful = [only('TOKEN#*'), only('BY#issued#pending#*'), places];
    for (const one of writes('issue-token')) expect(lawful).toContainEqual(one);
  });

  it('by exchange-token changes what issue-token may change, and the uses of proofs', () => {
    expect(writes('exchange-token')).toEqual([only('PROOF#*'), ...writes('issue-token')]);
    expect(writes('issue-token')).not.toContainEqual(only('PROOF#*'));
  });

  const only = (...keys: string[]) => ({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } });
  const factsAlone = {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TOKEN#*', 'FACT#*'] },
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'detailType', 'detail', 'ttl'] },
  };
});

it('no function reaches the whole table: each call names the items that it is for', () => {
  const oversight = [
    'issue-token',
    'exchange-token',
    'revoke-tokens',
    'revoke-own-token',
    'revoke-tokens-by-event',
    'lift-block',
    'report-use',
    'sweep-tokens',
    'index-tokens',
    'list-tokens',
    'detect-anomalies',
    'publish-audit',
    'archive-audit',
  ];
  const free = oversight.filter((useCase) =>
    statementsOf(template, useCase).some(
      ({ Action, Resource, Condition }) =>
        Action.some((action) => /^dynamodb:(?!DescribeStream|GetRecords|GetShardIterator|ListStreams)/.test(action)) &&
        !JSON.stringify(Resource).match(/index\/|statuslists/) &&
        Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] === undefined,
    ),
  );
  expect(free).toEqual([]);
});

/** The condition that limits writes in the partitions of subjects to facts, which do not affect the subject status. */
const SUBJECT_FACTS = {
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['SUBJECT#*'] },
  'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'detailType', 'detail', 'ttl'] },
};

it('stream readers can read only items with audit events', () => {
  for (const useCase of ['publish-audit', 'archive-audit']) {
    const reads = statementsOf(template, useCase).filter(({ Action }) => Action.includes('dynamodb:BatchGetItem'));
    expect(reads.map(({ Action, Condition }) => [Action, Condition])).toEqual([
      [
        ['dynamodb:BatchGetItem'],
        { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TOKEN#*', 'SUBJECT#*', 'ORDER#*', 'FACT#*'] } },
      ],
    ]);
  }
});

it('functions that revoke put revocation requests and facts about subjects, but no records or index entries', () => {
  for (const useCase of ['revoke-tokens', 'revoke-own-token', 'revoke-tokens-by-event']) {
    const puts = statementsOf(template, useCase).filter(({ Action }) => Action.includes('dynamodb:PutItem'));
    const keys = puts.flatMap(({ Condition }) => Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys']);
    const facts = useCase === 'revoke-own-token' ? [] : ['FACT#*'];
    expect(keys.sort()).toEqual([...facts, 'ORDER#*', 'SUBJECT#*']);
    expect(puts.map(({ Condition }) => Condition)).toContainEqual(SUBJECT_FACTS);
  }
});

it('lift-block changes only subject statuses', () => {
  const updates = statementsOf(template, 'lift-block').filter(({ Action }) => Action.includes('dynamodb:UpdateItem'));
  expect(updates).toMatchObject([
    {
      Condition: {
        'ForAllValues:StringLike': {
          'dynamodb:LeadingKeys': expect.toSatisfy((keys) => [keys].flat().join() === 'SUBJECT#*'),
        },
      },
    },
  ]);
  const puts = statementsOf(template, 'lift-block').filter(({ Action }) => Action.includes('dynamodb:PutItem'));
  expect(puts.map(({ Condition }) => Condition)).toEqual([SUBJECT_FACTS]);
});

it('deciding functions query a workload’s records only if a policy uses its recent behaviour', () => {
  const watchful = synthesize(
    '',
    '@id("calm") forbid (principal, action, resource) when { context.behaviour.denied > 20 };',
    FEDERATED,
  );
  for (const useCase of ['issue-token', 'explain-token', 'exchange-token']) {
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

  it('is allowed only for functions that issue tokens, with the configured key', () => {
    const roles = [
      'issue-token',
      'exchange-token',
      'explain-token',
      'introspect-token',
      'report-use',
      'sweep-tokens',
      'revoke-own-token',
      'revoke-tokens',
      'revoke-tokens-by-event',
      'serve-discovery',
      'publish-audit',
    ];
    const signers = roles.filter((role) =>
      statementsOf(template, role).some(({ Action }) => Action.includes('kms:Sign')),
    );
    expect(signers).toEqual(['issue-token', 'exchange-token']);
    for (const signer of signers) {
      const [sign, ...more] = statementsOf(template, signer).filter(({ Action }) => Action.includes('kms:Sign'));
      expect(more).toEqual([]);
      expect(sign?.Resource).toEqual({ 'Fn::GetAtt': [signingKey, 'Arn'] });
    }
    const everyPolicy = JSON.stringify(template.findResources('AWS::IAM::ManagedPolicy'));
    expect(everyPolicy).not.toContain('kms:');
  });

  it('is denied to everybody for a key that only verifies', () => {
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
      Sid: 'OnlyItsSignerSigns',
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
  it('is put on the bus only by the publisher', () => {
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
    return [statement.Resource]
      .flat()
      .map((resource) => JSON.stringify(resource).match(/\/v1\/((?:GET|POST)\/[a-z/*]+)/)?.[1]);
  };

  it.each([
    ['workload', ['POST/explain', 'POST/revoke', 'POST/token']],
    ['resourceserver', ['POST/introspect', 'POST/uses']],
    [
      'operator',
      ['GET/revocations/*', 'GET/tokens', 'GET/tokens/*', 'POST/blocks/lift', 'POST/explain/any', 'POST/revocations'],
    ],
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

it('lets services use keys only for this account', () => {
  const keys = Object.values(template.findResources('AWS::KMS::Key'));
  const ofServices = keys
    .flatMap(({ Properties }) => Properties.KeyPolicy.Statement)
    .filter(({ Principal }) => JSON.stringify(Principal).includes('amazonaws.com'));
  const services = ofServices.flatMap(({ Principal }) => Principal.Service);
  expect(services).toEqual(expect.arrayContaining(['events.amazonaws.com', 'cloudwatch.amazonaws.com']));
  for (const { Principal, Condition } of ofServices) {
    // CloudWatch Logs puts the ARN of the log group, which contains the account, into the encryption context.
    expect(JSON.stringify(Condition), JSON.stringify(Principal)).toMatch(
      /"StringEquals":\{"aws:SourceAccount":\{"Ref":"AWS::AccountId"\}\}|"kms:EncryptionContext:aws:logs:arn".*AWS::AccountId/,
    );
  }
});
