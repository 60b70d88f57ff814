import { describe, expect, it } from 'vitest';
import { rulesIn, template } from './check.ts';

function bucket(Condition: object, Action = 's3:GetObject'): string {
  const Statement = [{ Effect: 'Allow', Principal: '*', Action, Resource: 'arn:aws:s3:::orders/*', Condition }];
  return template('AWS::S3::BucketPolicy', JSON.stringify({ PolicyDocument: { Statement } }));
}

const EVERYONE: object[] = [
  { StringEquals: { 'aws:PrincipalTag/team': 'orders' } },
  { StringEquals: { 'aws:username': 'deployer' } },
  { StringLike: { 'aws:username': 'deploy*' } },
  { StringLike: { 'aws:userid': '*:orders' } },
  { StringLike: { 'aws:userid': 'AROA*' } },
  { StringEquals: { 'aws:RequestTag/team': 'orders' } },
  { StringEquals: { 'aws:PrincipalType': 'AssumedRole' } },
  { Bool: { 'aws:SecureTransport': true } },
  { Bool: { 'aws:PrincipalIsAWSService': ['true', 'false'] } },
  { Null: { 'aws:PrincipalOrgID': 'false' } },
  { Null: { 'aws:PrincipalOrgID': 'true' } },
  { StringLike: { 'aws:PrincipalOrgID': ['o-a*', 'o-b*'] } },
  { StringLike: { 'aws:PrincipalOrgID': 'o-??????????' } },
  { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-a*/*' } },
  { StringLike: { 'aws:PrincipalAccount': '1*' } },
  { StringLike: { 'aws:SourceAccount': '????????????' } },
  { StringLike: { 'AWS:SourceVpc': 'vpc-0*' } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/orders' } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::1*:role/orders' } },
  { ArnEquals: { 'aws:SourceArn': 'arn:*:sns:*:*:orders' } },
  { ArnLike: { 'aws:SourceArn': 'arn:*:*' } },
  { StringEquals: { 'aws:PrincipalAccount': '${aws:PrincipalAccount}' } },
  { StringEquals: { 'aws:SourceAccount': '${aws:PrincipalAccount}' } },
  { NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
  { IpAddress: { 'aws:SourceIp': ['0.0.0.0/2', '64.0.0.0/2', '128.0.0.0/2', '192.0.0.0/2'] } },
  { IpAddress: { 'aws:SourceIp': Array.from({ length: 256 }, (_, byte) => `${byte}.0.0.0/8`) } },
  { IpAddress: { 'aws:SourceIp': ['::/1', '8000::/1'] } },
  { StringNotLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:*' } },
  { 'ForAllValues:StringLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/*' } },
  { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
];

const SOMEONE: object[] = [
  { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } },
  { StringEquals: { 'aws:PrincipalOrgID': '${aws:ResourceOrgID}' } },
  { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5', 'aws:PrincipalTag/team': 'orders' } },
  { 'ForAnyValue:StringLike': { 'aws:PrincipalOrgPaths': 'o-a1b2c3d4e5/r-ab12/ou-*' } },
  { StringLike: { 'aws:PrincipalAccount': ['111122223333', '444455556666'] } },
  { StringLike: { 'aws:userid': ['AROAABCDEFGHIJKLMNOPQ:*', '111122223333'] } },
  { StringEquals: { 'aws:SourceVpce': 'vpce-0a1b2c3d' } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } },
  { ArnLike: { 'aws:PrincipalArn': 'arn:*:iam::111122223333*' } },
  { ArnLike: { 'aws:SourceArn': { 'Fn::Sub': 'arn:aws:sns:*:${Account}:*' } } },
  { ArnLike: { 'aws:SourceArn': { 'Fn::Sub': 'arn:aws:sns:*:${AWS::AccountId}:*' } } },
  { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:*:*:orders' } },
  { IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] } },
  { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'] } },
  // Without an operator for patterns, the asterisk is literal, so nobody meets the condition.
  { StringEquals: { 'aws:PrincipalOrgID': 'o-*' } },
];

describe('a principal * with a condition', () => {
  it.each(EVERYONE)('%j is open to everyone', (condition) => {
    expect(rulesIn(bucket(condition))).toEqual(['cloudformation/public-access']);
  });

  it.each(SOMEONE)('%j is restricted', (condition) => {
    expect(rulesIn(bucket(condition))).toEqual([]);
  });

  it('may call an API, whose methods authenticate callers', () => {
    expect(rulesIn(bucket({}, 'execute-api:Invoke'))).toEqual([]);
  });
});

const OF_ORGANIZATION = { StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' } };
const OF_ACCOUNT = { StringEquals: { 'aws:PrincipalAccount': '111122223333' } };
const NONE = { Ref: 'AWS::NoValue' };

describe('a condition that depends on a condition of the template', () => {
  it.each([
    [{ 'Fn::If': ['C', OF_ORGANIZATION, NONE] }, true],
    [{ 'Fn::If': ['C', OF_ORGANIZATION, { Bool: { 'aws:SecureTransport': 'true' } }] }, true],
    [{ 'Fn::If': ['C', OF_ORGANIZATION, OF_ACCOUNT] }, false],
    [{ StringEquals: { 'Fn::If': ['C', OF_ORGANIZATION.StringEquals, NONE] } }, true],
    [{ StringEquals: { 'Fn::If': ['C', OF_ORGANIZATION.StringEquals, OF_ACCOUNT.StringEquals] } }, false],
    [{ ...OF_ACCOUNT, StringLike: { 'Fn::If': ['C', OF_ORGANIZATION.StringEquals, NONE] } }, false],
    [NONE, true],
  ])('%j is open to everyone: %s', (condition, found) => {
    expect(rulesIn(bucket(condition))).toEqual(found ? ['cloudformation/public-access'] : []);
  });
});

it.each([
  ['o-*', true],
  ['o-a1b2c3d4e5', false],
])('a layer of the organization %s is open to everyone: %s', (id, found) => {
  const properties = `{ Action: lambda:GetLayerVersion, LayerVersionArn: a, Principal: '*', OrganizationId: '${id}' }`;
  const rules = rulesIn(template('AWS::Lambda::LayerVersionPermission', properties));
  expect(rules).toEqual(found ? ['cloudformation/public-access'] : []);
});

describe('a condition that all of the trusted account meets', () => {
  it.each([
    [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/*' } }, true],
    [{ StringLike: { 'sts:ExternalId': '*' } }, true],
    [{ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/orders-*' } }, false],
    [{ StringEquals: { 'aws:PrincipalTag/team': 'orders' } }, false],
    [{ StringEquals: { 'sts:ExternalId': 'orders-7f3a' } }, false],
  ])('%j is no restriction: %s', (Condition, found) => {
    const Principal = { AWS: 'arn:aws:iam::111122223333:root' };
    const Statement = [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole', Condition }];
    const text = template('AWS::IAM::Role', JSON.stringify({ AssumeRolePolicyDocument: { Statement } }));
    expect(rulesIn(text)).toEqual(found ? ['cloudformation/cross-account-trust'] : []);
  });
});

describe('a policy of a resource', () => {
  it.each([
    ['Action: "*", Resource: !GetAtt Bucket.Arn', []],
    ['Action: "*", Resource: "arn:aws:s3:::orders/*"', []],
    ['Action: "*", Resource: "*"', ['cloudformation/all-actions']],
    ['Action: "*"', ['cloudformation/all-actions']],
  ])('that allows a named role { %s }: %j', (statement, rules) => {
    const principal = 'Principal: { AWS: arn:aws:iam::111122223333:role/orders }';
    const document = `{ Statement: [{ Effect: Allow, ${principal}, ${statement} }] }`;
    expect(rulesIn(template('AWS::S3::BucketPolicy', `{ PolicyDocument: ${document} }`))).toEqual(rules);
  });

  it.each([
    ['VPCOptions: { SubnetIds: [a] }', []],
    ['DomainName: orders', ['cloudformation/public-access']],
  ])('that admits everyone to a search domain with { %s }: %j', (property, rules) => {
    const policy = '{ Statement: [{ Effect: Allow, Principal: { AWS: "*" }, Action: "es:ESHttp*" }] }';
    const text = template('AWS::OpenSearchService::Domain', `{ ${property}, AccessPolicies: ${policy} }`);
    expect(rulesIn(text)).toEqual(rules);
  });

  it.each(['AWS::EC2::VPCEndpoint', 'AWS::Organizations::Policy'])('of the type %s only limits others', (type) => {
    const document = '{ Statement: [{ Effect: Allow, Principal: "*", Action: "*", Resource: "*" }] }';
    expect(rulesIn(template(type, `{ PolicyDocument: ${document}, Content: ${document} }`))).toEqual([]);
  });
});
