import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { statementsOf, synthesize, synthesizeWithRules } from './synthesize.ts';

const RECEIVERS = `
[[security_event_receivers]]
name = "gateway"
url = "https://gateway.example.com/security-events"
audience = "https://gateway.example.com"

[[security_event_receivers]]
name = "siem"
url = "https://siem.example.com/sets"
audience = "siem"
events = ["https://schemas.openid.net/secevent/caep/event-type/session-revoked"]
`;
const POLLING = `
[[security_event_receivers]]
name = "proxy"
delivery = "poll"
principal = "arn:aws:iam::111122223333:role/proxy"
audience = "proxy"
`;
const PUSHED_AND_KNOWN = `
[[security_event_receivers]]
name = "gateway"
url = "https://gateway.example.com/security-events"
principal = "arn:aws:iam::111122223333:role/gateway"
audience = "https://gateway.example.com"
`;
const TRANSMITTERS = `
[[trusted_transmitters]]
issuer = "https://idp.example.com/"
jwks_uri = "https://idp.example.com/jwks.json"
audience = "https://tokens.example.com"
`;
const template = synthesize(RECEIVERS + POLLING + TRANSMITTERS);

const functionsOf = (of: typeof template) =>
  Object.values(of.findResources('AWS::Lambda::Function')).map(
    ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME,
  );
const streamControlOf = (of: typeof template) =>
  Object.values(of.findResources('AWS::Lambda::Function')).find(
    ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === 'serve-transmitter-metadata',
  )?.Properties.Environment.Variables.STREAM_CONTROL;
const pathsOf = (of: typeof template) =>
  Object.values(of.findResources('AWS::ApiGateway::Resource')).map(({ Properties }) => Properties.PathPart);

describe('without configured receivers and transmitters', () => {
  it('creates no function, no key and no path', () => {
    const bare = synthesize();
    for (const name of functionsOf(template).filter((name) => /security-event|transmitter/.test(name))) {
      expect(functionsOf(bare)).not.toContain(name);
    }
    expect(Object.keys(bare.toJSON().Outputs)).not.toContain('SecurityEventReceiverPolicyArn');
    expect(JSON.stringify(bare.findResources('AWS::KMS::Key'))).not.toContain('security events');
    expect(pathsOf(bare)).not.toContain('security-events');
    expect(pathsOf(bare)).not.toContain('ssf-configuration');
  });

  it('creates only the corresponding half with one of them', () => {
    expect(functionsOf(synthesize(RECEIVERS))).not.toContain('receive-security-event');
    expect(functionsOf(synthesize(TRANSMITTERS))).not.toContain('transmit-security-events');
    expect(pathsOf(synthesize(TRANSMITTERS))).not.toContain('ssf-configuration');
    const pushedTo = synthesize(RECEIVERS);
    expect(functionsOf(pushedTo)).not.toContain('keep-security-events');
    expect(functionsOf(pushedTo)).not.toContain('poll-security-events');
    expect(pathsOf(pushedTo)).not.toContain('poll');
    expect(Object.keys(pushedTo.toJSON().Outputs)).not.toContain('SecurityEventReceiverPolicyArn');
    expect(functionsOf(pushedTo)).not.toContain('control-security-event-streams');
    for (const path of ['streams', 'status', 'verification']) expect(pathsOf(pushedTo)).not.toContain(path);
    expect(streamControlOf(pushedTo)).toBe('false');
    const known = synthesize(PUSHED_AND_KNOWN);
    expect(functionsOf(known)).toContain('control-security-event-streams');
    expect(functionsOf(known)).not.toContain('poll-security-events');
    expect(Object.keys(known.toJSON().Outputs)).toContain('SecurityEventReceiverPolicyArn');
    expect(streamControlOf(known)).toBe('true');
    const polling = synthesize(POLLING);
    expect(functionsOf(polling)).not.toContain('transmit-security-events');
    expect(functionsOf(polling)).toContain('serve-transmitter-metadata');
  });
});

it('each receiver has a rule, a queue with dead letters and an alarm, and a function', () => {
  for (const [name, url, events] of [
    ['gateway', 'https://gateway.example.com/security-events', /session-revoked,.*token-claims-change/],
    ['siem', 'https://siem.example.com/sets', /session-revoked$/],
  ] as const) {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: Match.objectLike({
          RECEIVER: name,
          RECEIVER_URL: url,
          RECEIVER_EVENTS: Match.stringLikeRegexp(events.source),
        }),
      },
    });
    template.hasResourceProperties('AWS::Events::Rule', {
      Description: `Audit events for ${name}`,
      EventPattern: {
        source: ['tvm'],
        'detail-type': ['Token Revoked', 'Subject Blocked', 'Revocation Ordered', 'Verification Requested'],
      },
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmDescription: Match.stringLikeRegexp(`transmit-security-events-to-${name}-dead-letters`),
    });
  }
});

it('a polling receiver has a rule, a queue and a function like the others, which stores its events', () => {
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: Match.objectLike({ RECEIVER: 'proxy', RECEIVER_URL: Match.absent() }) },
  });
  template.hasResourceProperties('AWS::Events::Rule', { Description: 'Audit events for proxy' });
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    AlarmDescription: Match.stringLikeRegexp('transmit-security-events-to-proxy-dead-letters'),
  });
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: Match.objectLike({ POWERTOOLS_SERVICE_NAME: 'serve-transmitter-metadata', DELIVERIES: 'push,poll' }),
    },
  });
});

it('a polling receiver polls and controls its stream on signed paths, with a policy that allows nothing else', () => {
  for (const [path, method] of [
    ['poll', 'POST'],
    ['streams', 'GET'],
    ['status', 'GET'],
    ['verification', 'POST'],
  ]) {
    const [[resource] = []] = Object.entries(template.findResources('AWS::ApiGateway::Resource')).filter(
      ([, { Properties }]) => Properties.PathPart === path,
    );
    template.hasResourceProperties('AWS::ApiGateway::Method', {
      ResourceId: { Ref: resource },
      HttpMethod: method,
      AuthorizationType: 'AWS_IAM',
    });
  }
  const { Ref } = template.toJSON().Outputs.SecurityEventReceiverPolicyArn.Value;
  const { Statement } = template.toJSON().Resources[Ref].Properties.PolicyDocument;
  expect(Statement).toMatchObject([{ Action: 'execute-api:Invoke', Effect: 'Allow' }]);
  const calls = JSON.stringify(Statement).matchAll(/\/v1\/([A-Z]+\/[^"]*)"/g);
  expect([...calls].map(([, call]) => call).sort()).toEqual([
    'GET/security-events/status',
    'GET/security-events/streams',
    'POST/security-events/poll',
    'POST/security-events/verification',
  ]);
});

it('the functions of receivers can access only their pending events in the table', () => {
  const keysOf = (useCase: string) =>
    statementsOf(template, useCase)
      .filter(({ Action }) => Action.some((action) => action.startsWith('dynamodb:')))
      .map(({ Action, Condition }) => [Action, Condition?.['ForAllValues:StringLike']]);
  expect(keysOf('keep-security-events')).toEqual([[['dynamodb:PutItem'], { 'dynamodb:LeadingKeys': ['POLL#proxy'] }]]);
  expect(keysOf('poll-security-events')).toEqual([
    [['dynamodb:DeleteItem', 'dynamodb:Query'], { 'dynamodb:LeadingKeys': ['POLL#proxy'] }],
  ]);
});

it('the stream API can access neither pending events nor a queue nor a signing key', () => {
  const statements = statementsOf(template, 'control-security-event-streams');
  expect(statements.filter(({ Action }) => Action.some((action) => action.startsWith('dynamodb:')))).toMatchObject([
    {
      Action: ['dynamodb:PutItem'],
      Condition: {
        'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['FACT#verification-*'] },
        'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'detailType', 'detail', 'ttl'] },
      },
    },
  ]);
  expect(JSON.stringify(statements)).not.toMatch(/sqs:|kms:Sign|events:/);
});

it('security events have their own key, with which only their transmitters sign', () => {
  const keys = template.findResources('AWS::KMS::Key', {
    Properties: { Description: 'Signs security events of the token vending machine', KeySpec: 'RSA_2048' },
  });
  const [[id, key] = ['', undefined], ...more] = Object.entries(keys);
  expect(more).toEqual([]);
  const deny = key?.Properties.KeyPolicy.Statement.find(({ Effect }: { Effect: string }) => Effect === 'Deny');
  expect(deny).toMatchObject({ Sid: 'OnlyItsSignerSigns', Action: 'kms:Sign', Principal: { AWS: '*' } });
  const signers = JSON.stringify(deny.Condition.ArnNotLike['aws:PrincipalArn']);
  expect(signers).toMatch(
    /gatewaytransmitsecurityeventsrole.*siemtransmitsecurityeventsrole.*proxykeepsecurityeventsrole/,
  );
  for (const useCase of [
    'issue-token',
    'serve-discovery',
    'introspect-token',
    'receive-security-event',
    'poll-security-events',
    'control-security-event-streams',
  ]) {
    expect(JSON.stringify(statementsOf(template, useCase))).not.toContain(id);
  }
});

it('the tokens’ JWKS never contains that key', () => {
  const discovery = Object.values(template.findResources('AWS::Lambda::Function')).find(
    ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === 'serve-discovery',
  );
  expect(JSON.stringify(discovery)).not.toContain('securityeventkey');
});

it('receives security events on a public path with its own throttling', () => {
  const opened = Object.values(template.findResources('AWS::ApiGateway::Method')).filter(
    ({ Properties }) => Properties.HttpMethod === 'POST' && Properties.AuthorizationType === 'NONE',
  );
  expect(opened).toHaveLength(1);
  expect(JSON.stringify(opened)).toMatch(/securityevents/);
  template.hasResourceProperties('AWS::ApiGateway::Stage', {
    MethodSettings: Match.arrayWith([
      Match.objectLike({
        HttpMethod: 'POST',
        ResourcePath: '/~1security-events',
        ThrottlingRateLimit: 20,
        ThrottlingBurstLimit: 40,
        DataTraceEnabled: false,
      }),
    ]),
  });
});

const COMMON = ['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'];
const SEND = ['kms:GenerateDataKey*', 'kms:ReEncrypt*', 'sqs:SendMessage'];
const QUEUE = ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:ReceiveMessage'];
const TABLE_KEY = ['kms:DescribeKey', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'];
const BOTH = ['kms:Decrypt', 'kms:Encrypt', 'sqs:GetQueueAttributes', 'sqs:GetQueueUrl'];

it.each([
  ['transmit-security-events', [...QUEUE, ...SEND, ...BOTH, 'kms:GetPublicKey', 'kms:Sign']],
  [
    'keep-security-events',
    [
      ...QUEUE,
      ...TABLE_KEY,
      'dynamodb:PutItem',
      'kms:Decrypt',
      'kms:Encrypt',
      'kms:GetPublicKey',
      'kms:Sign',
      'sqs:GetQueueAttributes',
      'sqs:GetQueueUrl',
    ],
  ],
  ['poll-security-events', [...TABLE_KEY, 'kms:Decrypt', 'kms:Encrypt', 'dynamodb:DeleteItem', 'dynamodb:Query']],
  ['control-security-event-streams', [...TABLE_KEY, 'kms:Decrypt', 'kms:Encrypt', 'dynamodb:PutItem']],
  ['serve-transmitter-metadata', ['kms:GetPublicKey']],
  [
    'receive-security-event',
    [
      ...SEND,
      ...BOTH,
      ...TABLE_KEY,
      ...['GetItem', 'PutItem', 'UpdateItem'].map((operation) => `dynamodb:${operation}`),
    ],
  ],
])('%s may do what its use case does, and nothing else', (useCase, actions) => {
  const allowed = statementsOf(template, useCase).flatMap(({ Effect, Action }) => (Effect === 'Allow' ? Action : []));
  expect([...new Set(allowed)].sort()).toEqual([...new Set([...COMMON, ...actions])].sort());
});

it('breaks no rule of cdk-nag without an explanation', () => {
  expect(() => synthesizeWithRules(RECEIVERS + POLLING + TRANSMITTERS)).not.toThrow();
});
