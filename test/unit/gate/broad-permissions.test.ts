import { changesWhatCouldBeNamed, isWholeService } from '@tvm/gate/cloudformation/actions.ts';
import { describe, expect, it } from 'vitest';
import { check, rulesIn, template } from './check.ts';

function policy(statement: object): string {
  const Statement = [{ Effect: 'Allow', ...statement }];
  return template('AWS::IAM::ManagedPolicy', JSON.stringify({ PolicyDocument: { Statement } }));
}

function names(prefix: string, first: string, suffix = '*'): string[] {
  return [...first].map((letter) => `${prefix}${letter}${suffix}`);
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ROLES = 'arn:aws:iam::111122223333:role/';

describe('resource patterns', () => {
  it.each([
    ['role/*', [`${ROLES}*`], true],
    ['role/**', [`${ROLES}**`], true],
    ['role/*/*', [`${ROLES}*/*`], true],
    ['role/?*', [`${ROLES}?*`], true],
    ['names of at least eight characters', [`${ROLES}????????*`], true],
    ['every first letter', names(ROLES, LETTERS), true],
    ['every first letter in upper case', names(ROLES, LETTERS.toUpperCase()), true],
    ['every last letter', [...LETTERS].map((letter) => `${ROLES}*${letter}`), true],
    ['every first letter in two accounts', [...names(ROLES, LETTERS), ...names('arn:aws:iam::*:role/', LETTERS)], true],
    ['most first letters, and a name', [...names(ROLES, LETTERS.slice(5)), `${ROLES}orders`], true],
    ['every pair of first letters', [...LETTERS].flatMap((letter) => names(`${ROLES}${letter}`, LETTERS)), true],
    ['three first letters', names(ROLES, 'abc'), false],
    ['one prefix', [`${ROLES}orders-*`], false],
    ['one path', [`${ROLES}service-role/*`], false],
    ['one suffix', [`${ROLES}*-orders`], false],
    ['every first letter of users', names('arn:aws:iam::111122223333:user/', LETTERS), false],
  ])('%s: every role: %s', (_what, Resource, found) => {
    const rules = rulesIn(policy({ Action: 'iam:PassRole', Resource }));
    expect(rules.includes('cloudformation/privilege-escalation')).toBe(found);
  });

  it('name the first of patterns that together match everything', () => {
    const [finding] = check(policy({ Action: 'iam:PassRole', Resource: names(ROLES, LETTERS) }));
    expect(finding?.message).toContain(`on ${ROLES}a* and 25 more, which together match everything`);
  });

  it('of buckets together match the whole service', () => {
    const Resource = names('arn:aws:s3:::', LETTERS);
    expect(rulesIn(policy({ Action: 's3:*', Resource }))).toEqual(['cloudformation/service-wide-permission']);
    expect(rulesIn(policy({ Action: 's3:PutObject', Resource }))).toEqual(['cloudformation/write-on-any-resource']);
  });

  it('are compared in linear time', () => {
    const Resource = Array.from({ length: 20_000 }, (_, index) => `arn:aws:s3:::orders-${index}*`);
    const Action = Array.from({ length: 20_000 }, (_, index) => `s3:Put${index}*`);
    expect(rulesIn(policy({ Action, Resource }))).toEqual([]);
  });
});

describe('a write on any resource', () => {
  it.each([
    [{ Bool: { 'aws:SecureTransport': 'true' } }, true],
    [{ Bool: { 'aws:MultiFactorAuthPresent': true } }, true],
    [{ StringLike: { 'aws:UserAgent': 'deployer*' } }, true],
    [{ StringEquals: { 'aws:Referer': 'x' } }, true],
    [{ DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, true],
    [{ StringEquals: { 'aws:username': 'deployer' } }, true],
    [{ StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, true],
    [{ StringEquals: { 'aws:ResourceAccount': '111122223333' } }, true],
    [{ StringEquals: { 'aws:ResourceOrgID': 'o-a1b2c3d4e5' } }, true],
    [{ StringEquals: { 'AWS:PrincipalTag/team': 'orders' } }, true],
    [{ StringEquals: { 'aws:RequestTag/team': 'orders' } }, true],
    [{ 'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] } }, true],
    [{ StringNotEquals: { 'aws:ResourceTag/team': 'billing' } }, true],
    [{ StringEqualsIfExists: { 'aws:ResourceTag/team': 'orders' } }, true],
    [{ StringLike: { 'aws:ResourceTag/team': '*' } }, true],
    [{ StringLike: { 'aws:ResourceTag/team': names('', LETTERS) } }, true],
    [{ StringEquals: { 'aws:ResourceTag/team': '${aws:ResourceTag/team}' } }, true],
    [{ Null: { 'aws:ResourceTag/team': 'true' } }, true],
    [{ Null: { 'aws:SourceVpc': 'false' } }, true],
    [{ IpAddress: { 'aws:SourceIp': ['0.0.0.0/1', '128.0.0.0/1'] } }, true],
    [{ IpAddress: { 'aws:SourceIp': '::/0' } }, true],
    [{ IpAddress: { 'aws:SourceIp': ['203.0.113.0/24'] } }, false],
    [{ Null: { 'aws:ResourceTag/team': 'false' } }, false],
    [{ StringEquals: { 'aws:ResourceTag/team': 'orders' } }, false],
    [{ StringEquals: { 'aws:ResourceTag/team': '${aws:PrincipalTag/team}' } }, false],
    [{ StringEquals: { 'kms:ViaService': 's3.eu-west-1.amazonaws.com' } }, false],
    [{ StringEquals: { 'aws:ResourceTag/team': { Ref: 'Team' } } }, false],
    [{ Bool: { 'aws:SecureTransport': 'true' }, StringEquals: { 'ec2:ResourceTag/team': 'orders' } }, false],
  ])('with the condition %j is found: %s', (Condition, found) => {
    const rules = rulesIn(policy({ Action: ['kms:Decrypt', 'ssm:SendCommand'], Resource: '*', Condition }));
    expect(rules).toEqual(found ? ['cloudformation/write-on-any-resource'] : []);
  });

  it.each([
    ['kms:Decrypt', 'arn:aws:kms:*:*:key/*', true],
    ['dynamodb:DeleteTable', 'arn:aws:dynamodb:eu-west-1:111122223333:table/*', true],
    ['dynamodb:DeleteTable', 'arn:aws:dynamodb:eu-west-1:111122223333:table/orders*', false],
    ['kms:Decrypt', 'arn:aws:kms:*:*:key/1234abcd', false],
    ['kms:Decrypt', 'arn:aws:iam::*:role/*', false],
    ['logs:PutLogEvents', 'arn:aws:logs:*:*:log-group:*', false],
  ])('%s on %s is found: %s', (Action, Resource, found) => {
    expect(rulesIn(policy({ Action, Resource }))).toEqual(found ? ['cloudformation/write-on-any-resource'] : []);
  });

  it('is not found if a request must tag what it creates', () => {
    const Condition = { StringEquals: { 'aws:RequestTag/team': 'orders' } };
    expect(rulesIn(policy({ Action: 'ec2:CreateVolume', Resource: '*', Condition }))).toEqual([]);
    expect(rulesIn(policy({ Action: 'ec2:DeleteVolume', Resource: '*', Condition }))).toHaveLength(1);
  });
});

describe('every action of a service', () => {
  it.each([
    [{ StringEquals: { 'aws:ResourceTag/team': 'orders' } }, false],
    [{ StringEquals: { 'ecr:ResourceTag/team': ['orders', 'billing'] } }, false],
    [{ StringLike: { 'aws:ResourceTag/team': '*' } }, true],
    [{ StringEquals: { 'aws:RequestTag/team': 'orders' } }, true],
    [{ StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, true],
    [{ Bool: { 'aws:MultiFactorAuthPresent': 'true' } }, true],
  ])('with the condition %j is service-wide: %s', (Condition, found) => {
    const rules = rulesIn(policy({ Action: 'ecr:*', Resource: '*', Condition }));
    expect(rules).toEqual(found ? ['cloudformation/service-wide-permission'] : []);
  });
});

describe('actions', () => {
  it.each([
    ['states:SendTaskSuccess', false],
    ['states:SendTask*', false],
    ['States:sendtaskheartbeat', false],
    ['textract:AnalyzeDocument', false],
    ['rekognition:CompareFaces', false],
    ['transcribe:StartTranscriptionJob', false],
    ['acm:RequestCertificate', false],
    ['lambda:CreateEventSourceMapping', false],
    ['cloudwatch:PutMetricData', false],
    ['ssmmessages:*', false],
    ['xray:Put*', false],
    ['ec2:Describe*', false],
    ['nosuchservice:Create', false],
    ['states:S*', true],
    ['lambda:Create*', true],
    ['lambda:*', true],
    ['kms:Decrypt', true],
    ['iot:CreateTopicRule', true],
    ['iot:CreateTopicRuleDestination', false],
    ['s3:??tObject', true],
    ['s3:GetObject', false],
    ['dynamodb:Delete*Table', true],
    ['sqs:SendMessage', true],
  ])('%s changes a resource that a policy could name: %s', (action, changes) => {
    expect(changesWhatCouldBeNamed(action)).toBe(changes);
  });

  it.each([
    ['s3:*', true],
    ['iot:?*', true],
    ['nosuchservice:*', true],
    // Its actions have no resource types, but some grant permissions.
    ['lakeformation:*', true],
    ['ssmmessages:*', false],
    ['EC2Messages:*', false],
    ['tag:*', false],
    ['s3:Get*', false],
  ])('%s matches a whole service with resources: %s', (action, whole) => {
    expect(isWholeService(action)).toBe(whole);
  });

  it.each([
    ['secretsmanager:GetSecretValue', '*', true],
    ['secretsmanager:Get*', 'arn:aws:secretsmanager:*:*:secret:*', true],
    ['ssm:GetParametersByPath', 'arn:aws:ssm:eu-west-1:111122223333:parameter/*', true],
    ['dynamodb:scan', 'arn:aws:dynamodb:*:*:table/*', true],
    ['s3:GetObject', 'arn:aws:s3:::*/*', true],
    ['ebs:GetSnapshotBlock', '*', true],
    ['es:ESHttpGet', 'arn:aws:es:*:*:domain/*', true],
    ['lambda:GetFunction*', '*', true],
    ['ssm:GetParameter', 'arn:aws:ssm:*:*:parameter/orders/*', false],
    ['s3:GetObject', 'arn:aws:s3:::orders/*', false],
    ['s3:ListAllMyBuckets', '*', false],
    ['secretsmanager:ListSecrets', '*', false],
  ])('%s on %s reads all data: %s', (Action, Resource, found) => {
    expect(rulesIn(policy({ Action, Resource }))).toEqual(found ? ['cloudformation/read-of-all-data'] : []);
  });
});

describe('policies that AWS manages', () => {
  it.each([
    ['AmazonS3FullAccess', 'service-wide-policy'],
    ['AWSLambda_FullAccess', 'service-wide-policy'],
    ['CloudWatchFullAccessV2', 'service-wide-policy'],
    ['SecretsManagerReadWrite', 'service-wide-policy'],
    ['job-function/SystemAdministrator', 'service-wide-policy'],
    ['job-function/DatabaseAdministrator', 'service-wide-policy'],
    ['AmazonAPIGatewayAdministrator', 'service-wide-policy'],
    ['AWSKeyManagementServicePowerUser', 'policy-for-any-resource'],
    ['AmazonElasticFileSystemClientFullAccess', 'policy-for-any-resource'],
    ['AmazonDynamoDBReadOnlyAccess', 'policy-for-all-data'],
    ['ReadOnlyAccess', 'policy-for-all-data'],
    ['PowerUserAccess', 'administrator-policy'],
    ['service-role/AWSLambdaBasicExecutionRole', undefined],
    ['AmazonSSMManagedInstanceCore', undefined],
    ['AWSLambda_ReadOnlyAccess', undefined],
    ['ComprehendMedicalFullAccess', undefined],
  ])('%s: %s', (name, rule) => {
    const rules = rule === undefined ? [] : [`cloudformation/${rule}`];
    const forms = [
      `arn:aws:iam::aws:policy/${name}`,
      `arn:aws-us-gov:iam::aws:policy/${name}`,
      { 'Fn::Sub': `arn:\${AWS::Partition}:iam::aws:policy/${name}` },
      { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/', name]] },
      { 'Fn::Sub': `arn:\${Partition}:iam::aws:policy/${name}` },
      { 'Fn::If': ['Wide', `arn:aws:iam::aws:policy/${name}`, { Ref: 'AWS::NoValue' }] },
    ];
    for (const form of forms) {
      expect(rulesIn(template('AWS::IAM::Role', JSON.stringify({ ManagedPolicyArns: [form] })))).toEqual(rules);
    }
    expect(rulesIn(template('AWS::Serverless::Function', JSON.stringify({ Policies: [name] })))).toEqual(rules);
  });

  const admin = 'arn:aws:iam::aws:policy/AdministratorAccess';
  const cluster = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy';
  const edit = 'arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy';
  it.each([
    ['AWS::RolesAnywhere::Profile', { RoleArns: ['x'], ManagedPolicyArns: [admin] }, true],
    ['AWS::SSO::PermissionSet', { ManagedPolicies: [admin] }, true],
    ['AWS::EKS::AccessEntry', { AccessPolicies: [{ PolicyArn: cluster, AccessScope: { Type: 'cluster' } }] }, true],
    ['AWS::EKS::AccessEntry', { AccessPolicies: [{ PolicyArn: edit, AccessScope: { Type: 'cluster' } }] }, true],
    [
      'AWS::EKS::AccessEntry',
      { AccessPolicies: [{ PolicyArn: edit, AccessScope: { Type: 'namespace', Namespaces: ['a'] } }] },
      false,
    ],
    ['Acme::Team::Thing', { Deep: [{ ManagedPolicyArns: [admin] }] }, true],
    ['AWS::IAM::Role', { PermissionsBoundary: admin }, false],
    ['AWS::IAM::Role', { ManagedPolicyArns: ['arn:aws:iam::111122223333:policy/OrdersFullAccess'] }, false],
    [
      'AWS::IAM::Policy',
      {
        PolicyDocument: {
          Statement: [
            { Effect: 'Deny', Action: 'iam:*', Resource: '*', Condition: { ArnEquals: { 'iam:PolicyARN': admin } } },
          ],
        },
      },
      false,
    ],
  ])('attached by %s %j are found: %s', (type, properties, found) => {
    const rules = rulesIn(template(type, JSON.stringify(properties)));
    expect(rules).toEqual(found ? ['cloudformation/administrator-policy'] : []);
  });
});

describe('resources that grant access without a policy', () => {
  it.each([
    ['AWS::Lambda::Url', '{ AuthType: NONE, TargetFunctionArn: f }', true],
    ['AWS::Lambda::Url', '{ AuthType: AWS_IAM, TargetFunctionArn: f }', false],
    ['AWS::Lambda::Url', '{ AuthType: !If [Open, NONE, AWS_IAM] }', true],
    ['AWS::Serverless::Function', '{ FunctionUrlConfig: { AuthType: NONE } }', true],
    ['AWS::Serverless::Function', '{ Handler: index.handler }', false],
    ['AWS::Cognito::IdentityPool', '{ AllowUnauthenticatedIdentities: true }', true],
    ['AWS::Cognito::IdentityPool', '{ AllowUnauthenticatedIdentities: "true" }', true],
    ['AWS::Cognito::IdentityPool', '{ AllowUnauthenticatedIdentities: false }', false],
    ['AWS::ApiGateway::Method', '{ AuthorizationType: NONE }', false],
  ])('%s %s is found: %s', (type, properties, found) => {
    expect(rulesIn(template(type, properties))).toEqual(found ? ['cloudformation/unauthenticated-access'] : []);
  });

  it.each([
    ['{}', true],
    ['{ ArnEquals: { aws:SourceArn: "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/a" } }', true],
    ['{ StringLike: { aws:PrincipalTag/x509Subject/CN: "*" } }', true],
    ['{ StringEquals: { aws:PrincipalTag/x509Subject/CN: orders } }', false],
    ['{ StringLike: { aws:PrincipalTag/x509SAN/URI: "spiffe://acme/orders/*" } }', false],
  ])('a role for IAM Roles Anywhere with the condition %s is found: %s', (condition, found) => {
    const statement = `{ Effect: Allow, Principal: { Service: [rolesanywhere.amazonaws.com] }, Action: sts:AssumeRole, Condition: ${condition} }`;
    const rules = rulesIn(template('AWS::IAM::Role', `{ AssumeRolePolicyDocument: { Statement: [${statement}] } }`));
    expect(rules).toEqual(found ? ['cloudformation/roles-anywhere-without-subject'] : []);
  });
});
