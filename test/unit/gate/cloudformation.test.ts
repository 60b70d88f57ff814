import { describe, expect, it } from 'vitest';
import { check, rulesIn, template } from './check.ts';

function policy(statement: string): string {
  return template('AWS::IAM::Policy', `{ PolicyDocument: { Statement: [{ Effect: Allow, ${statement} }] } }`);
}

function queue(statement: string): string {
  return template('AWS::SQS::QueuePolicy', `{ PolicyDocument: { Statement: { Effect: Allow, ${statement} } } }`);
}

function trust(statement: string): string {
  return template('AWS::IAM::Role', `{ AssumeRolePolicyDocument: { Statement: [{ Effect: Allow, ${statement} }] } }`);
}

const WEB =
  'Action: sts:AssumeRoleWithWebIdentity, Principal: { Federated: arn:aws:iam::111122223333:oidc-provider/ci }';

const GITHUB =
  "Action: 'sts:AssumeRoleWithWebIdentity', Principal: { Federated: arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com }";

const WIDE = 'cloudformation/service-wide-permission';

const MANY = JSON.stringify(Array.from({ length: 20 }, (_, index) => `a${index}`));

const PARAMETERS = `Parameters:
  Any: { Type: String, Default: "*" }
  Own: { Type: String }
  Effect: { Type: String }
  Empty: { Type: String, Default: "" }
  Allowed: { Type: String, Default: a, AllowedValues: [a, "*"] }
  List: { Type: CommaDelimitedList, Default: "*, arn:aws:s3:::a" }
  Path: { Type: AWS::SSM::Parameter::Value<String>, Default: /path }
  Vpc: { Type: AWS::EC2::VPC::Id }
  Many: { Type: String, AllowedValues: ${MANY} }
  Other: { Type: String, AllowedValues: ${MANY} }`;

describe('rules about CloudFormation templates', () => {
  it.each([
    ["Action: 's3:*', Resource: !Sub 'arn:aws:s3:::${Bucket}'", []],
    ["Action: 's3:*', Resource: !Ref Any", []],
    ["Action: !Ref Any, Resource: '*'", ['gate/not-judged']],
    ["Action: ['s3:*', 'S3:GetObject'], Resource: ['*']", ['cloudformation/service-wide-permission']],
    ["Action: !If [Wide, 's3:*', 's3:GetObject'], Resource: '*'", ['cloudformation/service-wide-permission']],
    [
      "Action: '*', Resource: '*', Condition: { Bool: { aws:MultiFactorAuthPresent: 'true' } }",
      ['cloudformation/all-actions'],
    ],
    ["Action: [s3:ListAllMyBuckets, ec2:DescribeInstances, 's3:GetBucket*'], Resource: '*'", []],
    ["Action: 's3:Get*', Resource: '*'", ['cloudformation/read-of-all-data']],
    [
      "Action: 's3:*Object', Resource: '*'",
      ['cloudformation/read-of-all-data', 'cloudformation/write-on-any-resource'],
    ],
    ["Action: [xray:PutTraceSegments, cloudwatch:putmetricdata], Resource: '*'", []],
    ["Action: sqs:SendMessage, Resource: '*', Condition: { StringEquals: { aws:ResourceTag/team: orders } }", []],
    ["NotAction: iam:*, Resource: '*'", ['cloudformation/negated-permission']],
    ["Action: s3:GetObject, NotResource: 'arn:aws:s3:::secret/*'", ['cloudformation/negated-permission']],
    ["Action: iam:PassRole, Resource: 'arn:aws:iam::111122223333:role/*'", ['cloudformation/privilege-escalation']],
    [
      "Action: iam:PassRole, Resource: !Sub 'arn:aws:iam::${AWS::AccountId}:role/*'",
      ['cloudformation/privilege-escalation'],
    ],
    ["Action: iam:PassRole, Resource: 'arn:aws:iam::111122223333:role/orders-*'", []],
    [
      "Action: iam:PassRole, Resource: '*', Condition: { StringEquals: { iam:PassedToService: ecs.amazonaws.com } }",
      [],
    ],
    ["Action: 'iam:Put*', Resource: '*'", ['cloudformation/privilege-escalation']],
    ["Action: 'iam:*', Resource: '*'", ['cloudformation/service-wide-permission']],
    ["Action: 'iam:*', Resource: 'arn:aws:iam::*:role/*'", ['cloudformation/privilege-escalation']],
    ["Action: sts:AssumeRole, Resource: '*'", ['cloudformation/privilege-escalation']],
    ["Action: 's3:*', Resource: 'arn:aws:s3:::*'", ['cloudformation/service-wide-permission']],
    ["Action: 's3:*', Resource: ['arn:aws:s3:::orders', 'arn:aws:s3:::orders/*']", []],
    ["Action: 's3:?*', Resource: '**'", ['cloudformation/service-wide-permission']],
    ["Action: 's3:*', Resource: 'arn:*'", ['cloudformation/service-wide-permission']],
    ["Action: 'dynamodb:*', Resource: 'arn:aws:dynamodb:*:*:table/*'", ['cloudformation/service-wide-permission']],
    ["Action: 'dynamodb:*', Resource: 'arn:aws:dynamodb:*:*:table/orders*'", []],
    ["Action: 'sns:*', Resource: 'arn:aws:sns:eu-west-1:111122223333:orders:*'", []],
    ["Action: 's3:PutObject', Resource: 'arn:aws:s3:::*/*'", ['cloudformation/write-on-any-resource']],
    ["Action: logs:PutLogEvents, Resource: 'arn:aws:logs:*:*:*'", []],
    ["Action: sqs:SendMessage, Resource: '**'", ['cloudformation/write-on-any-resource']],
    ["Action: iam:PassRole, Resource: 'arn:aws:iam::*'", ['cloudformation/privilege-escalation']],
    ["Action: iam:PassRole, Resource: 'arn:aws:iam::111122223333:role*'", ['cloudformation/privilege-escalation']],
    ["Action: sts:AssumeRole, Resource: 'arn:aws:iam::*:role/?*'", ['cloudformation/privilege-escalation']],
    ["Action: sts:AssumeRole, Resource: 'arn:aws:iam::*:role/deployer'", []],
    ["Action: iam:CreateAccessKey, Resource: 'arn:aws:iam::*:user/${aws:username}'", []],
    [
      "Action: iam:PassRole, Resource: '*', Condition: { StringLike: { iam:PassedToService: '*.amazonaws.com' } }",
      ['cloudformation/privilege-escalation'],
    ],
    [
      "Action: iam:AttachRolePolicy, Resource: '*', Condition: { ArnLike: { iam:PolicyARN: 'arn:aws:iam::aws:policy/*' } }",
      ['cloudformation/privilege-escalation'],
    ],
    [
      "Action: iam:AttachRolePolicy, Resource: '*', Condition: { ArnLike: { iam:PolicyARN: 'arn:aws:iam::aws:policy/AWSXray*' } }",
      [],
    ],
    ["Action: !Select [1, [a, 's3:*']], Resource: '*'", ['cloudformation/service-wide-permission']],
    ["Action: !Split [',', 's3:*,s3:Get*'], Resource: '*'", ['cloudformation/service-wide-permission']],
    ["Action: 's3:*', Resource: !Select [0, !Split ['|', '*|b']]", ['cloudformation/service-wide-permission']],
  ])('an identity policy with { %s }: %j', (statement, rules) => {
    expect(rulesIn(policy(statement))).toEqual(rules);
  });

  it.each([
    ['Resource: !Ref Any', WIDE],
    ['Resource: !Sub "${Any}"', WIDE],
    ['Resource: !Ref Own', 'gate/not-judged'],
    ['Resource: !FindInMap [Map, a, b]', WIDE],
    ['Resource: !FindInMap [Map, a, c]', undefined],
    ['Resource: !FindInMap [Map, !Ref AWS::Region, b]', WIDE],
    ['Resource: !FindInMap [Map, !Ref AWS::Region, c]', undefined],
    ['Resource: !FindInMap [Map, !Ref Own, !Ref Own]', WIDE],
    ['Resource: !FindInMap [Map, a, d, { DefaultValue: "*" }]', WIDE],
    ['Effect: !Ref Effect, Resource: "*"', WIDE],
    ['Effect: !If [Off, Deny, Deny], Resource: "*"', undefined],
    ['Resource: !Sub ["*${e}", { e: !Ref Empty }]', WIDE],
    ['Resource: !Join ["", ["*", !Ref Empty]]', WIDE],
    ['Resource: !Ref Empty', undefined],
    ['Resource: !Ref Allowed', WIDE],
    ['Resource: !Sub "arn:aws:s3:::${Allowed}"', WIDE],
    ['Resource: !Select [0, !Ref List]', WIDE],
    ['Resource: !Ref List', WIDE],
    ['Resource: !Select [!Ref Own, ["arn:aws:s3:::a", "*"]]', WIDE],
    ['Resource: !Join ["", [!If [C, "*", "arn:aws:s3:::a"]]]', WIDE],
    ['Resource: !Sub ["${a}", { a: !If [C, x, !If [D, y, "*"]] }]', WIDE],
    ['Resource: !GetAtt Holder.Value', WIDE],
    ['Resource: !Sub "${Holder.Value}"', WIDE],
    ['Resource: !GetAtt Loop.Value', undefined],
    ['Resource: !GetAtt Function.Arn', 'gate/not-judged'],
    ['Resource: !GetAtt Bucket.Arn', undefined],
    ['Resource: !Sub "${Bucket.Arn}/*"', undefined],
    ['Resource: !Ref Bucket', undefined],
    ['Resource: !ImportValue bucket', undefined],
    ['Resource: !Ref Path', 'gate/not-judged'],
    ['Resource: !Ref Vpc', undefined],
    ['Resource: !Sub "arn:aws:s3:::${Own}/*"', undefined],
    ['Resource: !Sub "${Own}*"', 'gate/not-judged'],
    ['Resource: "{{resolve:ssm:/orders/bucket}}"', 'gate/not-judged'],
    [`Resource: !Sub "${'${Many}'.repeat(4)}\${Many}\${Other}"`, 'gate/not-judged'],
  ])('a policy with { %s } in its template: %s', (rest, found) => {
    const effect = rest.startsWith('Effect') ? '' : 'Effect: Allow, ';
    const text = [
      PARAMETERS,
      'Mappings: { Map: { a: { b: "*", c: x }, z: { b: x, c: x } } }',
      template('AWS::IAM::Policy', `{ PolicyDocument: { Statement: { ${effect}Action: "s3:*", ${rest} } } }`),
      '  Bucket: { Type: AWS::S3::Bucket }',
      '  Function: { Type: Custom::Finder }',
      '  Holder: { Type: AWS::SSM::Parameter, Properties: { Value: "*" } }',
      '  Loop: { Type: AWS::SSM::Parameter, Properties: { Value: !GetAtt Loop.Value } }',
    ].join('\n');
    expect(rulesIn(text)).toEqual(found === undefined ? [] : [found]);
  });

  it.each([
    [
      'AWS::Serverless::Function',
      '{ Policies: [{ Statement: { Effect: Allow, Action: "*", Resource: "*" } }] }',
      'all-actions',
    ],
    ['AWS::Serverless::Function', '{ Policies: AdministratorAccess }', 'administrator-policy'],
    [
      'AWS::SSO::PermissionSet',
      '{ ManagedPolicies: ["arn:aws:iam::aws:policy/PowerUserAccess"] }',
      'administrator-policy',
    ],
  ])('check %s %s', (type, properties, rule) => {
    expect(rulesIn(template(type, properties))).toEqual([`cloudformation/${rule}`]);
  });

  // Fully expanded, the text would be 4 to the power of 20 times as long.
  it('terminate for nested functions that multiply', () => {
    const sub = (depth: number): unknown =>
      depth === 0 ? 'x' : { 'Fn::Sub': ['${a}${a}${a}${a}', { a: sub(depth - 1) }] };
    const Properties = { PolicyDocument: { Statement: { Effect: 'Allow', Action: sub(20), Resource: '*' } } };
    const text = JSON.stringify({ Resources: { A: { Type: 'AWS::IAM::Policy', Properties } } });
    expect(rulesIn(text)).toEqual(['gate/not-judged']);
  });

  it('ignore Deny', () => {
    const statement = "{ Effect: Deny, Principal: '*', NotAction: '*', Resource: '*' }";
    expect(rulesIn(template('AWS::S3::BucketPolicy', `{ PolicyDocument: { Statement: ${statement} } }`))).toEqual([]);
  });

  it.each([
    ["Principal: '*'", true],
    ["Principal: { AWS: '*' }", true],
    ["Principal: { AWS: [!Ref Role, '*'] }", true],
    ['Principal: !Ref Anyone', false],
    ["Principal: '*', Condition: { StringEquals: { aws:PrincipalOrgID: o-1 } }", false],
    ["Principal: '*', Condition: { StringEqualsIfExists: { aws:PrincipalOrgID: o-1 } }", true],
    ["Principal: '*', Condition: { StringNotEquals: { aws:SourceAccount: '1' } }", true],
    ["Principal: '*', Condition: { 'ForAllValues:StringEquals': { aws:PrincipalOrgPaths: o-1 } }", true],
    ["Principal: '*', Condition: { StringLike: { AWS:SourceArn: '*' } }", true],
    ["Principal: '*', Condition: { ArnLike: { aws:SourceArn: 'arn:aws:s3:::orders' } }", false],
    ["Principal: '*', Condition: { ArnLike: { aws:SourceArn: ['arn:aws:s3:::orders', '*'] } }", true],
    ["Principal: '*', Condition: { IpAddress: { aws:SourceIp: 0.0.0.0/0 } }", true],
    ["Principal: '*', Condition: { Bool: { aws:SecureTransport: 'true' } }", true],
    ["Principal: '*', Condition: { StringLike: { aws:PrincipalOrgID: 'o-*' } }", true],
    ["Principal: '*', Condition: { StringLike: { aws:userid: '*:*' } }", true],
    ["Principal: '*', Condition: { ArnLike: { aws:SourceArn: 'arn:*' } }", true],
    ["Principal: '*', Condition: { ArnLike: { aws:PrincipalArn: 'arn:aws:iam::*' } }", true],
    ["Principal: '*', Condition: { ArnLike: { aws:PrincipalArn: 'arn:aws:iam::111122223333:*' } }", false],
    ["Principal: '*', Condition: { ArnLike: { aws:SourceArn: 'arn:aws:s3:::*' } }", true],
    ["Principal: '*', Condition: { ArnLike: { aws:SourceArn: 'arn:aws:s3:::orders*' } }", false],
    ["Principal: '*', Condition: { IpAddress: { aws:SourceIp: [0.0.0.0/1, 128.0.0.0/1] } }", true],
    ["Principal: '*', Condition: { IpAddress: { aws:SourceIp: 10.0.0.0/8 } }", false],
    ["Principal: '*', Condition: { Bool: { aws:PrincipalIsAWSService: 'false' } }", true],
    ["Principal: '*', Condition: { Bool: { aws:PrincipalIsAWSService: true } }", false],
    ["Principal: '*', Condition: !If [Own, { StringEquals: {} }, !Ref AWS::NoValue]", true],
  ])('a queue policy with { %s } is open to everyone: %s', (statement, found) => {
    const rules = rulesIn(queue(`Action: sqs:SendMessage, Resource: '*', ${statement}`));
    expect(rules).toEqual(found ? ['cloudformation/public-access'] : []);
  });

  it.each([
    ['AWS::Lambda::Permission', "{ Principal: '*' }", true],
    ['AWS::Lambda::Permission', "{ Principal: '*', SourceArn: !Ref Api }", false],
    ['AWS::Lambda::Permission', "{ Principal: '*', SourceArn: 'arn:*' }", true],
    ['AWS::Lambda::Permission', "{ Principal: '*', FunctionUrlAuthType: NONE }", true],
    [
      'AWS::Lambda::ResourcePolicy',
      "{ PolicyDocument: { Statement: { Effect: Allow, Principal: '*', Action: 'lambda:InvokeFunction' } } }",
      true,
    ],
    [
      'AWS::Lambda::ResourcePolicy',
      "{ PolicyDocument: { Statement: { Effect: Deny, Principal: '*', Action: 'lambda:InvokeFunction' } } }",
      false,
    ],
    ['AWS::Events::EventBusPolicy', "{ StatementId: a, Statement: { Effect: Allow, Principal: '*' } }", true],
    ['AWS::ECR::Repository', "{ RepositoryPolicyText: { Statement: [{ Effect: Allow, Principal: '*' }] } }", true],
    ['AWS::Logs::ResourcePolicy', `{ PolicyDocument: '{"Statement":[{"Effect":"Allow","Principal":"*"}]}' }`, true],
    [
      'AWS::SecretsManager::ResourcePolicy',
      "{ ResourcePolicy: { Statement: { Effect: Allow, Principal: '*' } } }",
      true,
    ],
  ])('%s %s is open to everyone: %s', (type, properties, found) => {
    expect(rulesIn(template(type, properties))).toEqual(found ? ['cloudformation/public-access'] : []);
  });

  it.each([
    ["Principal: { AWS: '111122223333' }, Action: sts:AssumeRole", ['cloudformation/cross-account-trust']],
    ['Principal: { AWS: !Sub "arn:aws:iam::${AWS::AccountId}:root" }, Action: sts:AssumeRole', []],
    ['Principal: { AWS: !Sub "arn:aws:iam::${Other}:root" }, Action: sts:AssumeRole', []],
    ['Principal: { AWS: arn:aws:iam::111122223333:role/ci }, Action: sts:AssumeRole', []],
    ["Principal: '*', Action: sts:AssumeRole", ['cloudformation/public-access']],
    [WEB, ['cloudformation/web-identity-without-subject']],
    [`${WEB}, Condition: { StringEquals: { ci:aud: sts } }`, ['cloudformation/web-identity-without-subject']],
    [`${WEB}, Condition: { StringLike: { ci:sub: 'repo:*' } }`, ['cloudformation/web-identity-without-subject']],
    [
      `${WEB}, Condition: { StringLike: { ci:sub: ['repo:a/b:*', '*'] } }`,
      ['cloudformation/web-identity-without-subject'],
    ],
    [`${WEB}, Condition: { StringLike: { ci:sub: 'organization:acme:project:x:workspace:y:run_phase:*' } }`, []],
    ...['repo:acme*', 'r*', 'repo:a*/*', 'repo:acme/*', 'repo:acme/o*:*', 'repo:*/orders:*'].map(
      (sub): [string, string[]] => [
        `${GITHUB}, Condition: { StringLike: { token.actions.githubusercontent.com:sub: '${sub}' } }`,
        ['cloudformation/web-identity-without-subject'],
      ],
    ),
    ...['repo:acme/orders:*', 'repo:acme/orders:ref:refs/heads/*', 'repository_owner:acme:*'].map(
      (sub): [string, string[]] => [
        `${GITHUB}, Condition: { StringLike: { token.actions.githubusercontent.com:sub: '${sub}' } }`,
        [],
      ],
    ),
    [`${GITHUB}, Condition: { StringLike: { ci:sub: !Sub 'repo:\${Repository}:*' } }`, []],
    [GITHUB.replace('WebIdentity', '*'), ['cloudformation/web-identity-without-subject']],
    [`${WEB}, Condition: !GetAtt CfnJson.Value`, []],
  ])('a role trusting { %s }: %j', (statement, rules) => {
    expect(rulesIn(trust(statement))).toEqual(rules);
  });

  it('name the resource and its line', () => {
    const text = 'Resources:\n  Key:\n    Type: AWS::IAM::AccessKey\n';
    expect(check(text)).toMatchObject([
      { line: 3, message: 'Key (AWS::IAM::AccessKey) is an access key that never expires' },
    ]);
  });

  it('accept a deeply nested policy in text without an exception', () => {
    const PolicyDocument = `{"Statement":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    const Resources = { A: { Type: 'AWS::Logs::ResourcePolicy', Properties: { PolicyDocument } } };
    expect(rulesIn(JSON.stringify({ Resources }))).toEqual([]);
  });

  it.each([
    '7',
    '[]',
    '{ PolicyDocument: 7, Policies: {}, AssumeRolePolicyDocument: [[[]]] }',
    '{ PolicyDocument: { Statement: [7, null, [{ Effect: Allow, Action: {}, Resource: [], Principal: 7, Condition: [] }]] } }',
    "{ PolicyDocument: { Statement: { Effect: Allow, Principal: '*', Condition: { StringEquals: 7, Bool: [] } } } }",
    '{ PolicyDocument: "{", ManagedPolicyArns: { a: 1 }, Principal: !Join 7 }',
    '{ ManagedPolicyArns: [!Join [], !Sub [], !Sub [7], !If [], !Ref [], !Select [0]] }',
  ])('accept malformed values without an exception: %s', (properties) => {
    for (const type of ['AWS::IAM::Role', 'AWS::IAM::Policy', 'AWS::S3::BucketPolicy', 'AWS::Lambda::Permission']) {
      expect(() => check(template(type, properties))).not.toThrow();
    }
  });
});
