import { describe, expect, it } from 'vitest';
import { check, rulesIn, template } from './check.ts';

const ANY = '{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
const ALL_ACTIONS = 'cloudformation/all-actions';
const NOT_JUDGED = 'gate/not-judged';

/** Returns a template with one policy document, given in flow style. */
function document(text: string, rest = ''): string {
  return `${rest}${template('AWS::IAM::ManagedPolicy', `{ PolicyDocument: ${text} }`)}`;
}

describe('policies that are written as text', () => {
  it.each([
    ['plain', `'${ANY}'`],
    ['by Fn::Sub', `!Sub '${ANY}'`],
    [
      'by Fn::Sub with a variable',
      `!Sub ['${ANY.replace('"*"', '"${a}"')}', { a: !If [C, '*', 's3:GetBucketTagging'] }]`,
    ],
    ['by Fn::Join', `!Join ['', ['${ANY.slice(0, 20)}', '${ANY.slice(20)}']]`],
    ['by Fn::ToJsonString', `{ Fn::ToJsonString: ${ANY} }`],
    ['by Fn::If', `!If [C, { Statement: [] }, '${ANY}']`],
    ['with an unknown part', `!Sub '${ANY.replace('"Statement"', '"Id":"${Name}","Statement"')}'`],
  ])('%s are judged', (_, text) => {
    expect(rulesIn(document(text))).toEqual([ALL_ACTIONS]);
  });

  it('have their findings at the line of the text', () => {
    const text = `Resources:\n  P:\n    Type: AWS::SSO::PermissionSet\n    Properties:\n      Name: a\n      InlinePolicy: |\n        ${ANY}\n`;
    expect(check(text).map(({ line, rule }) => `${line} ${rule}`)).toEqual([`6 ${ALL_ACTIONS}`]);
  });

  it.each([
    ['that lacks a bracket', `'${ANY.slice(0, -1)}'`, []],
    ['with statements from elsewhere', `!Sub '{"Statement":\${Statements}}'`, [NOT_JUDGED]],
    ['that is a parameter', '!Ref Document', [NOT_JUDGED]],
    ['that is an attribute', '!GetAtt Policies.Document', [NOT_JUDGED]],
    [
      'that a macro includes',
      "{ Fn::Transform: { Name: AWS::Include, Parameters: { Location: 's3://a/b' } } }",
      [NOT_JUDGED],
    ],
    ['whose statements are a parameter', '{ Statement: !Ref Statements }', [NOT_JUDGED]],
    ['whose statement is an attribute', '{ Statement: [!GetAtt A.B] }', [NOT_JUDGED]],
    ['without statements', '{ Statement: [] }', []],
    ['that is of another language', '!Sub \'[{"Rules":[{"Resource":["${Name}"]}]}]\'', []],
    ['that only denies', '{ Statement: [{ Effect: Deny, Action: "*", Resource: "*" }] }', []],
  ])('%s: %j', (_, text, rules) => {
    expect(
      rulesIn(document(text, 'Parameters: { Document: { Type: String }, Statements: { Type: String } }\n')),
    ).toEqual(rules);
  });
});

describe('what is not judged in a statement or a list of policies', () => {
  const role = (policy: string) =>
    `Parameters: { Name: { Type: String } }\n${template('AWS::IAM::Group', `{ ManagedPolicyArns: [!Sub '${policy}'] }`)}`;

  it.each([
    ['arn:aws:iam::aws:policy/${Name}', [NOT_JUDGED]],
    ['arn:${AWS::Partition}:iam::aws:policy/Admin${Name}', [NOT_JUDGED]],
    ['arn:aws:iam::aws:policy/service-role/${Name}', []],
    ['arn:aws:iam::${AWS::AccountId}:policy/${Name}', []],
  ])('a managed policy %s: %j', (policy, rules) => {
    expect(rulesIn(role(policy))).toEqual(rules);
  });

  it.each([
    [64, []],
    [65, [NOT_JUDGED]],
    [5_000, [NOT_JUDGED]],
  ])('%d resource patterns without a service: %j', (count, rules) => {
    const resources = Array.from({ length: count }, (_, index) => `*:orders${index}`);
    const statement = { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: resources };
    expect(rulesIn(document(JSON.stringify({ Statement: [statement] })))).toEqual(rules);
  });
});

describe('policies are found by their shape', () => {
  it.each([
    ['AWS::Example::Anything', `{ Deep: [{ er: ${ANY} }] }`, ALL_ACTIONS],
    [
      'AWS::Example::Anything',
      '{ A: { Statement: { Effect: Allow, Principal: "*", Action: "a:*" } } }',
      'cloudformation/public-access',
    ],
    [
      'AWS::Example::Anything',
      '{ A: { Statement: { Effect: Allow, Principal: { AWS: "111122223333" }, Action: sts:AssumeRole } } }',
      'cloudformation/cross-account-trust',
    ],
    ['Custom::Policy', `{ Policy: ${ANY} }`, ALL_ACTIONS],
    ['AWS::Example::Anything', '{ Taint: { Effect: NoSchedule, Resource: "*" } }', undefined],
    ['AWS::Example::Anything', '{ Rule: { Effect: Allow, Priority: 1 } }', undefined],
    [
      'AWS::ApiGateway::RestApi',
      '{ Policy: { Statement: { Effect: Allow, Principal: "*", Action: "execute-api:Invoke" } } }',
      undefined,
    ],
  ])('%s %s: %s', (type, properties, rule) => {
    expect(rulesIn(template(type, properties))).toEqual(rule === undefined ? [] : [rule]);
  });

  it('also in a file of their own', () => {
    expect(check(ANY, 'policy.json').map(({ rule, message }) => `${rule} ${message}`)).toEqual([
      `${ALL_ACTIONS} the policy allows every action`,
    ]);
    expect(rulesIn('Statement: a')).toEqual(['file/unrecognized']);
  });
});

describe('properties that grant permissions', () => {
  it.each([
    ['AWS::IAM::Role', '{ ManagedPolicyArns: [!Ref Own] }', NOT_JUDGED],
    [
      'AWS::IAM::Role',
      '{ ManagedPolicyArns: [!Ref Own, arn:aws:iam::aws:policy/AdministratorAccess] }',
      'cloudformation/administrator-policy',
    ],
    ['AWS::IAM::Role', '{ ManagedPolicyArns: [!Ref Policy] }', undefined],
    ['AWS::IAM::Role', '{ ManagedPolicyArns: [!Sub "arn:aws:iam::aws:policy/service-role/${Own}"] }', undefined],
    ['AWS::Lambda::Permission', '{ Principal: !Ref Own }', NOT_JUDGED],
    ['AWS::Lambda::Permission', '{ Principal: !Ref Own, SourceAccount: "111122223333" }', undefined],
    ['AWS::CloudFormation::StackSet', '{ TemplateBody: !Ref Own }', NOT_JUDGED],
    ['AWS::IAM::ManagedPolicy', '{ PolicyDocument: !Ref Text }', ALL_ACTIONS],
    ['AWS::IAM::ManagedPolicy', '{ PolicyDocument: !FindInMap [Map, !Ref AWS::Region, policy] }', ALL_ACTIONS],
  ])('%s %s: %s', (type, properties, rule) => {
    const rest = `Parameters: { Own: { Type: String }, Text: { Type: String, Default: '${ANY}' } }\nMappings: { Map: { a: { policy: '${ANY}' } } }\n`;
    expect(rulesIn(rest + template(type, properties))).toEqual(rule === undefined ? [] : [rule]);
  });
});

describe('a template of many values', () => {
  const many = <Value>(of: (index: number) => Value) => Array.from({ length: 10_000 }, (_, index) => of(index));
  const statement = (rest: object) => ({
    Effect: 'Allow',
    Action: 's3:GetObject',
    Resource: 'arn:aws:s3:::a',
    ...rest,
  });

  // With quadratic time, each would take minutes.
  it.each([
    ['statements with unknown values', {}, many(() => statement({ Resource: { Ref: 'Own' } }))],
    [
      'rows',
      { Mappings: { M: Object.fromEntries(many((index) => [`a${index}`, { b: 'arn:aws:s3:::b' }])) } },
      many(() => statement({ Resource: { 'Fn::FindInMap': ['M', { Ref: 'AWS::Region' }, 'b'] } })),
    ],
    ['attributes', {}, many(() => statement({ Resource: { 'Fn::GetAtt': ['Holder', 'Value'] } }))],
  ])('such as %s is checked in linear time', (_, rest, Statement) => {
    const Resources = {
      P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: { Statement } } },
      Holder: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Value: { 'Fn::Sub': `arn:\${AWS::Partition}:s3:::${'a'.repeat(15_000)}` } },
      },
    };
    expect(rulesIn(JSON.stringify({ Parameters: { Own: { Type: 'String' } }, ...rest, Resources }))).toEqual([]);
  });
});

describe('templates in templates', () => {
  const inner = template('AWS::IAM::ManagedPolicy', `{ PolicyDocument: ${ANY} }`);
  const indented = inner.replace(/^/gm, '        ');

  it.each([
    ['as text', `TemplateBody: |\n${indented}`],
    ['as text by Fn::Sub', `TemplateBody: !Sub |\n${indented}`],
    ['as an object', `TemplateBody:\n${indented}`],
    ['in a property of any name', `Body:\n${indented}`],
    [
      'as JSON',
      `TemplateBody: '${JSON.stringify({ Resources: { P: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: JSON.parse(ANY) } } } })}'`,
    ],
  ])('%s are judged', (_, property) => {
    const text = `Resources:\n  Stacks:\n    Type: AWS::CloudFormation::StackSet\n    Properties:\n      ${property}\n`;
    expect(rulesIn(text)).toEqual([ALL_ACTIONS]);
  });

  it('are not judged if too many contain each other', () => {
    let nested: object = { Resources: { K: { Type: 'AWS::IAM::AccessKey' } } };
    for (let level = 0; level < 10; level++) {
      nested = { Resources: { S: { Type: 'AWS::CloudFormation::StackSet', Properties: { TemplateBody: nested } } } };
    }
    expect(rulesIn(JSON.stringify(nested))).toEqual([NOT_JUDGED]);
  });
});

describe('loops', () => {
  const loop = (collection: string, action: string, name = 'Packer${Name}') =>
    `Parameters: { Own: { Type: String }, Names: { Type: CommaDelimitedList, Default: "a,*" } }\nResources:\n  Fn::ForEach::Packers:\n    - Name\n    - ${collection}\n    - ${name}:\n        Type: AWS::IAM::ManagedPolicy\n        Properties: { PolicyDocument: { Statement: { Effect: Allow, Action: ${action}, Resource: "*" } } }\n`;

  it.each([
    ['[A, B]', '"*"', [ALL_ACTIONS, ALL_ACTIONS]],
    ['["s3:GetBucketTagging", "*"]', '!Ref Name', [ALL_ACTIONS]],
    ['["s3:GetBucketTagging", "*"]', '"${Name}"', [ALL_ACTIONS]],
    ['["s3:GetBucketTagging", "*"]', '!Sub "${Name}"', [ALL_ACTIONS]],
    ['!Ref Names', '"${Name}"', [ALL_ACTIONS]],
    ['[A, B]', 's3:GetBucketTagging', []],
    ['!Ref Own', '"*"', [NOT_JUDGED]],
    ['!Split [",", !Ref Own]', '"*"', [NOT_JUDGED]],
    [`[${Array.from({ length: 65 }, (_, index) => `a${index}`)}]`, '"*"', [NOT_JUDGED]],
  ])('over %s with %s: %j', (collection, action, rules) => {
    expect(rulesIn(loop(collection, action, 'Packer${Name}&{Name}'))).toEqual(rules);
  });

  it('have their findings at the line in the loop, and can be suppressed there', () => {
    const text = loop('[A, B]', '"*"');
    expect(check(text).map(({ line, message }) => `${line} ${message.slice(0, 7)}`)).toEqual([
      '8 PackerA',
      '8 PackerB',
    ]);
    const allowed = text.replace(
      '        Properties',
      `        # tvm-allow ${ALL_ACTIONS} until 2026-12-31: for now\n        Properties`,
    );
    expect(rulesIn(allowed)).toEqual([]);
  });

  it('in loops are expanded', () => {
    const text = `Resources:\n  Fn::ForEach::A:\n    - X\n    - [a, b]\n    - Fn::ForEach::B:\n        - Y\n        - ["\${X}1", "\${X}2"]\n        - "Key\${Y}": { Type: AWS::IAM::AccessKey }\n`;
    expect(check(text).map(({ message }) => message.split(' ')[0])).toEqual(['Keya1', 'Keya2', 'Keyb1', 'Keyb2']);
  });
});

describe('values that are known only at deployment', () => {
  it.each([
    ['Action: !Sub "${Own}:*", Resource: "*"', NOT_JUDGED],
    ['Action: !GetAtt Function.Arn, Resource: "*"', NOT_JUDGED],
    ['Action: s3:GetBucketTagging, Resource: !Ref Own', undefined],
    ['Action: iam:PassRole, Resource: !Ref Own', NOT_JUDGED],
    ['Action: iam:PassRole, Resource: !Sub "arn:aws:iam::1:role/${Own}"', undefined],
    ['Action: iam:PassRole, Resource: !GetAtt Role.Arn', undefined],
    ['Action: sqs:SendMessage, Resource: "*", Principal: !Ref Own', NOT_JUDGED],
    ['Action: sqs:SendMessage, Resource: "*", Principal: { AWS: !Ref Own }', NOT_JUDGED],
    ['Action: sqs:SendMessage, Resource: "*", Principal: { AWS: !Sub "arn:aws:iam::${Own}:root" }', undefined],
    [
      'Action: sqs:SendMessage, Resource: "*", Principal: "*", Condition: { ArnLike: { aws:SourceArn: !Ref Own } }',
      NOT_JUDGED,
    ],
    [
      'Action: sqs:SendMessage, Resource: "*", Principal: "*", Condition: { ArnLike: { aws:SourceArn: !GetAtt A.Arn } }',
      undefined,
    ],
    ['Action: sqs:SendMessage, Resource: "*", Principal: "*"', 'cloudformation/public-access'],
  ])('in a statement { %s }: %s', (statement, rule) => {
    const text = `Parameters: { Own: { Type: String } }\n${template('AWS::Example::Thing', `{ Document: { Statement: { Effect: Allow, ${statement} } } }`)}`;
    expect(rulesIn(text)).toEqual(rule === undefined ? [] : [rule]);
  });

  it('are named in the message, with the rule that may be violated', () => {
    const text = document(
      '{ Statement: { Effect: Allow, Action: !Ref Own, Resource: "*" } }',
      'Parameters: { Own: { Type: String } }\n',
    );
    expect(check(text)[0]?.message).toBe(
      'Thing (AWS::IAM::ManagedPolicy) is not judged for cloudformation/all-actions, because the value of the parameter Own is not in the template',
    );
  });

  it.each([
    ['AWS::Serverless-2016-10-31', []],
    ['[AWS::LanguageExtensions, AWS::Serverless-2016-10-31]', []],
    ['[AWS::LanguageExtensions, Ours]', [NOT_JUDGED]],
    ['{ Name: AWS::Include, Parameters: { Location: "s3://a/b" } }', [NOT_JUDGED]],
  ])('with the transform %s: %j', (transform, rules) => {
    expect(rulesIn(`Transform: ${transform}\n${template('AWS::S3::Bucket', '{}')}`)).toEqual(rules);
  });

  it('with a transform of all resources or properties', () => {
    const include = '{ Name: AWS::Include, Parameters: { Location: "s3://a/b" } }';
    expect(rulesIn(template('AWS::S3::Bucket', `{ Fn::Transform: ${include} }`))).toEqual([NOT_JUDGED]);
    expect(rulesIn(`${template('AWS::S3::Bucket', '{}')}  Fn::Transform: ${include}\n`)).toEqual([NOT_JUDGED]);
  });
});
