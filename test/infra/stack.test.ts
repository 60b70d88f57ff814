import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { synthesize, synthesizeWithRules } from './synthesize.ts';

describe('in production', () => {
  const template = synthesize('revocation_sources = ["security.team"]');

  it('records are guarded, encrypted with a key of ours, recoverable, and gone in time', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: Match.anyValue() },
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      },
    });
  });

  it('keys outlive the stack', () => {
    template.allResources('AWS::KMS::Key', { DeletionPolicy: 'Retain' });
  });

  it('the API asks for signatures on every path but discovery', () => {
    const methods = Object.values(template.findResources('AWS::ApiGateway::Method')).map(
      ({ Properties }) => Properties,
    );
    expect(methods.filter((method) => method.HttpMethod === 'POST').map((method) => method.AuthorizationType)).toEqual(
      Array(6).fill('AWS_IAM'),
    );
    expect(
      methods.filter((method) => method.AuthorizationType !== 'AWS_IAM').map((method) => method.HttpMethod),
    ).toEqual(Array(3).fill('GET'));
    expect(methods).toHaveLength(9);
  });

  it('the API speaks at least TLS 1.2, and throttles, traces and logs without bodies', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
      EndpointConfiguration: { Types: ['REGIONAL'] },
      Policy: Match.absent(),
      Tags: Match.absent(),
    });
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true,
      AccessLogSetting: {
        DestinationArn: Match.anyValue(),
        Format: Match.not(Match.stringLikeRegexp('header|body|authorizer')),
      },
      MethodSettings: [
        Match.objectLike({
          ThrottlingRateLimit: 200,
          ThrottlingBurstLimit: 400,
          DataTraceEnabled: false,
          LoggingLevel: 'ERROR',
        }),
      ],
    });
  });

  it('every log is encrypted and kept for a year, every function is traced', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365, KmsKeyId: Match.anyValue() });
    template.resourceCountIs('AWS::Logs::LogGroup', 10);
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: { 'Fn::Join': ['', ['API-Gateway-Execution-Logs_', Match.anyValue(), '/v1']] },
    });
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      TracingConfig: { Mode: 'Active' },
    });
    template.resourceCountIs('AWS::Lambda::Function', 8);
  });

  it('queues are encrypted, take TLS alone, and dead letters raise an alarm', () => {
    template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: Match.anyValue() });
    const queues = Object.keys(template.findResources('AWS::SQS::Queue'));
    const tlsOnly = template.findResources('AWS::SQS::QueuePolicy', {
      Properties: {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
          ]),
        },
      },
    });
    expect(Object.keys(tlsOnly)).toHaveLength(queues.length);
    template.resourceCountIs('AWS::CloudWatch::Alarm', 2);
  });

  it('the issuer is the API’s own URL, never what a request says', () => {
    const issuer = JSON.stringify(template.findOutputs('Issuer').Issuer?.Value);
    expect(issuer).toMatch(/https:\/\/.*"Ref":"tokenapi\w+".*\.execute-api\..*\/v1/);
  });

  it('revocation is obeyed from the configured sources alone', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { source: ['security.team'], 'detail-type': ['Revocation Requested'] },
    });
    template.resourceCountIs('AWS::Events::Rule', 1);
    synthesize('').resourceCountIs('AWS::Events::Rule', 0);
  });

  it('requests to revoke reach their queue by that rule alone', () => {
    const [rule] = Object.keys(template.findResources('AWS::Events::Rule'));
    const statements = Object.values(template.findResources('AWS::SQS::QueuePolicy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    const allowed = statements.filter((one) => one.Effect === 'Allow');
    expect(allowed).toHaveLength(2);
    for (const { Principal, Action, Condition } of allowed) {
      expect([Principal, Action]).toEqual([{ Service: 'events.amazonaws.com' }, 'sqs:SendMessage']);
      expect(Condition).toEqual({ ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rule, 'Arn'] } } });
    }
  });

  it('the console’s test calls, which pass by authorization, reach no function', () => {
    const permissions = template.findResources('AWS::Lambda::Permission');
    expect(Object.keys(permissions)).toHaveLength(9);
    expect(JSON.stringify(permissions)).not.toContain('test-invoke-stage');
  });

  it('every exception from cdk-nag’s rules is explained', () => {
    const toml = 'revocation_sources = ["security.team"]\ntrusted_organization = "o-a1b2c3d4e5"';
    expect(() => synthesizeWithRules(toml)).not.toThrow();
  });
});

describe('a configuration', () => {
  it.each(
    [['ECC_NIST_P256', 'ECC_NIST_P384', 'RSA_2048'].map((spec) => [spec])].flat(),
  )('makes a signing key of %s', (spec) => {
    synthesize(`signing_keys = { first = "${spec}" }`).hasResourceProperties('AWS::KMS::Key', {
      KeySpec: spec,
      KeyUsage: 'SIGN_VERIFY',
    });
  });

  it('with two keys signs with one and verifies with both', () => {
    const template = synthesize('signing_key = "new"\nsigning_keys = { old = "ECC_NIST_P256", new = "ECC_NIST_P384" }');
    const environment = (prefix: string) =>
      Object.entries(template.findResources('AWS::Lambda::Function')).find(([id]) => id.startsWith(prefix))?.[1]
        .Properties.Environment.Variables;
    expect(JSON.stringify(environment('issuetoken').SIGNING_KEY_ARN)).toContain('signingkeynew');
    for (const verifier of ['introspecttoken', 'revokeowntoken', 'servediscovery']) {
      expect(JSON.stringify(environment(verifier).VERIFICATION_KEY_ARNS)).toMatch(/signingkeyold.*signingkeynew/);
    }
  });

  it('with a domain makes it the issuer and closes the API’s own URL', () => {
    const template = synthesize(
      'domain = { name = "tokens.example.com", certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/x" }',
    );
    expect(template.findOutputs('Issuer').Issuer?.Value).toBe('https://tokens.example.com');
    template.hasResourceProperties('AWS::ApiGateway::DomainName', {
      DomainName: 'tokens.example.com',
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
    });
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { DisableExecuteApiEndpoint: true });
    template.hasOutput('DomainTarget', {});
  });

  it('tells the functions its lifetimes, in seconds', () => {
    synthesize('token_expiration_time = "5m"\nmax_token_lifetime = "30m"').hasResourceProperties(
      'AWS::Lambda::Function',
      {
        Environment: {
          Variables: Match.objectLike({ DEFAULT_LIFETIME: '300', MAX_LIFETIME: '1800', RECORD_RETENTION: '7776000' }),
        },
      },
    );
  });

  it('for an emulator fixes the API’s id; nothing else is laxer but the queues’ TLS', () => {
    const template = synthesize('emulator = { api_id = "tvm-local" }');
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { Tags: [{ Key: 'ms-custom-id', Value: 'tvm-local' }] });
    // Without these two differences, and the assets whose content they are in, it is the same template.
    const neutral = (one: typeof template) => {
      // A deployment is named by what it deploys.
      const resources = JSON.parse(
        JSON.stringify(one.toJSON().Resources).replaceAll(/(tokenapiDeployment\w{8})\w+/g, '$1'),
      );
      for (const [id, { Type, Properties }] of Object.entries<{ Type: string; Properties: object }>(resources)) {
        if (Type === 'AWS::SQS::QueuePolicy') delete resources[id];
        if (Type === 'AWS::ApiGateway::RestApi') Object.assign(Properties, { Tags: undefined });
      }
      return resources;
    };
    expect(neutral(template)).toEqual(neutral(synthesize('')));
  });
});

describe('other accounts', () => {
  const policyOf = (toml: string) => {
    const [api] = Object.values(synthesize(toml).findResources('AWS::ApiGateway::RestApi'));
    return api?.Properties.Policy.Statement;
  };
  const notOwn = { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } };

  it('may call the workloads’ paths when they are listed, and the machine’s own account is left out', () => {
    const [workloads, discovery, ...more] = policyOf('trusted_accounts = ["111122223333", "444455556666"]');
    expect(more).toEqual([]);
    expect(workloads).toMatchObject({
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Resource: ['execute-api:/v1/POST/explain', 'execute-api:/v1/POST/revoke', 'execute-api:/v1/POST/token'],
      Condition: { StringNotEquals: notOwn },
    });
    expect(JSON.stringify(workloads.Principal)).toMatch(/111122223333.*444455556666/);
    expect(discovery).toMatchObject({ Effect: 'Allow', Resource: 'execute-api:/v1/GET/.well-known/*' });
    expect(discovery).not.toHaveProperty('Condition');
  });

  it('may do so as members of an organization', () => {
    const [workloads] = policyOf('trusted_organization = "o-a1b2c3d4e5"');
    expect(workloads.Condition).toEqual({
      StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
      StringNotEquals: notOwn,
    });
  });
});

it('the template is as it was', () => {
  const template = synthesize('revocation_sources = ["security.team"]').toJSON();
  // Where the code was bundled names its asset by its content; that is no change of the template.
  const text = JSON.stringify(template, null, 2).replaceAll(/[0-9a-f]{64}/g, '<asset>');
  expect(text).toMatchSnapshot();
});
