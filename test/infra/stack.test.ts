import { errorResponse } from '@tvm/contract/errors.ts';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CALLER_PATHS } from '#lib/constructs/token-api.ts';
import { EVERYTHING, methodsOf, synthesize, synthesizeWithRules } from './synthesize.ts';

interface Kept {
  Type: string;
  Properties: object;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

describe('in production', () => {
  const template = synthesize('revocation_sources = ["security.team"]');

  it('protects records from deletion, encrypts them with a customer-managed key, backs them up and expires them', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
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
    template.allResources('AWS::KMS::Key', { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
  });

  it('a failed first deployment leaves only resources that CloudFormation cannot delete or that others need', () => {
    const everything = Object.values(synthesize(EVERYTHING).toJSON().Resources as Record<string, Kept>);
    const kept = everything.filter(({ DeletionPolicy = 'Delete' }) => DeletionPolicy !== 'Delete');
    const typesOf = (policy: string) => {
      const types = kept.filter(({ DeletionPolicy }) => DeletionPolicy === policy).map(({ Type }) => Type);
      return [...new Set(types)].sort();
    };
    expect(typesOf('RetainExceptOnCreate')).toEqual(['AWS::KMS::Key', 'AWS::S3::Bucket']);
    expect(typesOf('Retain')).toEqual([
      // The account's setting for all APIs, and its role.
      'AWS::ApiGateway::Account',
      // Deletion protection would make the rollback fail.
      'AWS::DynamoDB::Table',
      'AWS::IAM::Role',
      // Lambda deletes it with the function.
      'AWS::Lambda::ResourcePolicy',
    ]);
    const roles = kept.filter(({ Type }) => Type === 'AWS::IAM::Role');
    expect(roles.map(({ Properties }) => JSON.stringify(Properties))).toEqual([
      expect.stringContaining('AmazonAPIGatewayPushToCloudWatchLogs'),
    ]);
    for (const { Type, Properties } of kept) {
      if (Type === 'AWS::DynamoDB::Table') expect(Properties).toMatchObject({ DeletionProtectionEnabled: true });
    }
    expect(new Set(kept.map(({ UpdateReplacePolicy }) => UpdateReplacePolicy))).toEqual(new Set(['Retain']));
  });

  it('the API requires signatures on every path except discovery', () => {
    const methods = methodsOf(template);
    const open = methods.filter((method) => method.open).map(({ call }) => call);
    const documents = [
      '/.well-known/audit-keys.json',
      '/.well-known/jwks.json',
      '/.well-known/oauth-authorization-server',
      '/.well-known/openid-configuration',
      '/.well-known/status-list-keys.json',
      '/status-lists',
      '/status-lists/{list}',
    ];
    const fetched = ['GET', 'HEAD', 'OPTIONS'].flatMap((method) => documents.map((path) => `${method} ${path}`));
    expect(open.sort()).toEqual(fetched.sort());
    const signed = methods.filter((method) => !method.open).map(({ call }) => call.replace(/\{\w+\}/, '*'));
    const { 'security-event-receiver': _, ...paths } = CALLER_PATHS;
    const callable: string[] = Object.values(paths).flat();
    // `/tokens/*` also covers another resource, the summary.
    expect(signed.filter((call) => call !== 'GET /tokens/summary').sort()).toEqual(callable.sort());
  });

  it('the gateway’s own errors have the format of the service’s errors', () => {
    const responses = Object.values(template.findResources('AWS::ApiGateway::GatewayResponse'));
    const answers = responses.map(({ Properties }) => {
      const body = Properties.ResponseTemplates['application/json']
        .replace('$context.error.messageString', '"Missing Authentication Token"')
        .replace('$context.requestId', 'r-1');
      return [Properties.ResponseType, errorResponse.strict().parse(JSON.parse(body)).error];
    });
    expect(Object.fromEntries(answers)).toEqual({
      DEFAULT_4XX: 'access_denied',
      REQUEST_TOO_LARGE: 'invalid_request',
      THROTTLED: 'temporarily_unavailable',
      DEFAULT_5XX: 'server_error',
    });
    // The statuses are unchanged, so that callers see the cause.
    for (const { Properties } of responses) expect(Properties).not.toHaveProperty('StatusCode');
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

  it('encrypts logs and retains them for a year, and traces every function', () => {
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 365, KmsKeyId: Match.anyValue() });
    // One for each function, and the API's access and execution logs.
    const functions = Object.keys(template.findResources('AWS::Lambda::Function'));
    template.resourceCountIs('AWS::Logs::LogGroup', functions.length + 2);
    template.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: { 'Fn::Join': ['', ['API-Gateway-Execution-Logs_', Match.anyValue(), '/v1']] },
    });
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      TracingConfig: { Mode: 'Active' },
    });
  });

  it('encrypts queues, requires TLS, and has alarms for dead letters', () => {
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
    const watched = Object.values(template.findResources('AWS::CloudWatch::Alarm')).flatMap(({ Properties }) =>
      Properties.MetricName === 'ApproximateNumberOfMessagesVisible'
        ? Properties.Dimensions[0].Value['Fn::GetAtt'][0]
        : [],
    );
    expect(watched.sort()).toEqual(queues.filter((id) => id.includes('deadletters')).sort());
  });

  it('sweeps tokens every minute', () => {
    const [sweep = ''] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) =>
      id.includes('sweeptokens'),
    );
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [sweep, 'Arn'] } }],
    });
  });

  it('uses the API’s own URL as the issuer, never a value from a request', () => {
    const issuer = JSON.stringify(template.findOutputs('Issuer').Issuer?.Value);
    expect(issuer).toMatch(/https:\/\/.*"Ref":"tokenapi\w+".*\.execute-api\..*\/v1/);
  });

  it('accepts revocations only from the configured sources', () => {
    // The rule also matches other sources, whose requests the function refuses and stores.
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: { 'detail-type': ['Revocation Requested'] },
    });
    const obeyed = (of: typeof template) =>
      Object.entries(of.findResources('AWS::Lambda::Function')).find(([id]) => id.includes('revoketokensbyevent'))?.[1]
        .Properties.Environment.Variables.REVOCATION_SOURCES;
    expect(obeyed(template)).toBe('security.team');
    expect(obeyed(synthesize(''))).toBe('');
  });

  it('accepts events on a queue only from its own rules', () => {
    const rules = Object.entries(template.findResources('AWS::Events::Rule'));
    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy'));
    const targeted = policies.flatMap(({ Properties }) => {
      const { Statement } = Properties.PolicyDocument;
      const queue = Properties.Queues[0].Ref;
      // Rules also put dead letters, if the queue itself does not accept an event.
      const by = rules.filter(([, rule]) => JSON.stringify(rule.Properties.Targets).includes(`"${queue}"`));
      const allowed = Statement.filter((one: { Effect: string }) => one.Effect === 'Allow');
      const senders: string[] = [];
      for (const { Principal, Action, Condition } of allowed) {
        expect([Principal, Action]).toEqual([{ Service: 'events.amazonaws.com' }, 'sqs:SendMessage']);
        const arns = [Condition.ArnEquals['aws:SourceArn']].flat();
        senders.push(...arns.map((arn) => arn['Fn::GetAtt'][0]));
      }
      expect(senders.sort()).toEqual(by.map(([id]) => id).sort());
      return by.length > 0 ? [queue] : [];
    });
    expect(targeted.length).toBeGreaterThan(4);
  });

  it('an event that a rule cannot deliver becomes a dead letter', () => {
    const stack = synthesize(EVERYTHING);
    const queues = Object.keys(stack.findResources('AWS::SQS::Queue'));
    const rules = Object.values(stack.findResources('AWS::Events::Rule'));
    for (const { Properties } of rules) {
      for (const { DeadLetterConfig } of Properties.Targets) {
        const [queue] = DeadLetterConfig.Arn['Fn::GetAtt'];
        expect(queues.filter((id) => /deadletters/.test(id))).toContain(queue);
      }
    }
    expect(rules.filter(({ Properties }) => Properties.ScheduleExpression).length).toBeGreaterThan(3);
  });

  it('test calls from the console, which bypass authorization, reach no function', () => {
    const policies = template.findResources('AWS::Lambda::ResourcePolicy');
    expect(Object.keys(policies).length).toBeGreaterThan(0);
    const whoMayInvoke = JSON.stringify([policies, template.findResources('AWS::Lambda::Permission')]);
    expect(whoMayInvoke).not.toContain('test-invoke-stage');
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
    for (const verifier of ['introspecttoken', 'reportuse', 'revokeowntoken', 'servediscovery']) {
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

  it('passes its lifetimes to the functions, in seconds', () => {
    synthesize('token_expiration_time = "5m"\nmax_token_lifetime = "30m"').hasResourceProperties(
      'AWS::Lambda::Function',
      {
        Environment: {
          Variables: Match.objectLike({ DEFAULT_LIFETIME: '300', MAX_LIFETIME: '1800', RECORD_RETENTION: '7776000' }),
        },
      },
    );
  });

  it('for an emulator fixes the API’s id; only TLS of queues and the archive, and who may invoke, are less strict', () => {
    const template = synthesize('emulator = { api_id = "tvm-local" }');
    const Tags = ['_custom_id_', 'ms-custom-id'].map((Key) => ({ Key, Value: 'tvm-local' }));
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { Tags });
    // Without these differences, and the assets that contain them, the templates are the same.
    const neutral = (one: typeof template) => {
      // The logical id of a deployment depends on its content.
      const resources = JSON.parse(
        JSON.stringify(one.toJSON().Resources).replaceAll(/(tokenapiDeployment\w{8})\w+/g, '$1'),
      );
      for (const [id, { Type, Properties }] of Object.entries<{ Type: string; Properties: object }>(resources)) {
        if (['AWS::SQS::QueuePolicy', 'AWS::Lambda::ResourcePolicy'].includes(Type)) delete resources[id];
        // AWS's own events have other sources in an emulator: see triggers.json and revocation-triggers.test.ts.
        if (id.includes('revoketokensbyevent') && Type === 'AWS::Lambda::Function') {
          Object.assign(Properties, { Code: undefined });
        }
        if (Type === 'AWS::S3::BucketPolicy') {
          const { PolicyDocument } = Properties as { PolicyDocument: { Statement: object[] } };
          PolicyDocument.Statement = PolicyDocument.Statement.filter(
            (one) => !JSON.stringify(one).includes('aws:SecureTransport'),
          );
        }
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

  it('may call the workloads’ paths if they are listed, except for the service’s own account', () => {
    const [workloads, discovery, ...more] = policyOf('trusted_accounts = ["111122223333", "444455556666"]');
    expect(more).toEqual([]);
    expect(workloads).toMatchObject({
      Effect: 'Allow',
      Action: 'execute-api:Invoke',
      Resource: ['execute-api:/v1/POST/explain', 'execute-api:/v1/POST/revoke', 'execute-api:/v1/POST/token'],
      Condition: { StringNotEquals: notOwn },
    });
    expect(JSON.stringify(workloads.Principal)).toMatch(/111122223333.*444455556666/);
    expect(discovery).toMatchObject({ Effect: 'Allow', Principal: { AWS: '*' } });
    expect(discovery).not.toHaveProperty('Condition');
  });

  it('keep public paths public', () => {
    const transmitter = `trusted_transmitters = [{ issuer = "https://idp.example.com", audience = "tvm", jwks_uri = "https://idp.example.com/jwks" }]`;
    for (const more of ['', transmitter]) {
      const toml = `trusted_accounts = ["111122223333"]\n${more}`;
      const template = synthesize(toml);
      const resources = template.findResources('AWS::ApiGateway::Resource');
      const pathOf = (id: string): string => {
        const { PathPart, ParentId } = resources[id]?.Properties ?? {};
        return PathPart === undefined ? '' : `${pathOf(ParentId.Ref ?? '')}/${PathPart}`;
      };
      const methods = Object.values(template.findResources('AWS::ApiGateway::Method'));
      const open = methods
        .filter(({ Properties }) => Properties.AuthorizationType === 'NONE')
        .map(({ Properties }) => `${Properties.HttpMethod}${pathOf(Properties.ResourceId.Ref)}`);
      const allowed = [policyOf(toml)[1].Resource].flat().map((one) => String(one).replace('execute-api:/v1/', ''));
      const isAllowed = (path: string) =>
        allowed.some((one) => one === path || (one.endsWith('*') && path.startsWith(one.slice(0, -1))));
      expect(open).toContain('GET/status-lists/{list}');
      expect(open.includes('POST/security-events')).toBe(more !== '');
      expect(open.filter((path) => !isAllowed(path))).toEqual([]);
    }
  });

  it('may do so as members of an organization', () => {
    const [workloads] = policyOf('trusted_organization = "o-a1b2c3d4e5"');
    expect(workloads.Condition).toEqual({
      StringEquals: { 'aws:PrincipalOrgID': 'o-a1b2c3d4e5' },
      StringNotEquals: notOwn,
    });
  });
});

it('the template matches the snapshot', () => {
  const template = synthesize('revocation_sources = ["security.team"]').toJSON();
  // The names of assets depend on the bundled code. They do not count as changes of the template.
  const text = JSON.stringify(template, null, 2).replaceAll(/[0-9a-f]{64}/g, '<asset>');
  expect(text).toMatchSnapshot();
});
