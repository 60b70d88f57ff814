import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { statementsOf, synthesize } from './synthesize.ts';

const template = synthesize();

/** The properties of the one resource of a type whose id contains a word. */
function propertiesOf(type: string, word: string, of = template) {
  const found = Object.entries(of.findResources(type)).filter(([id]) => id.toLowerCase().includes(word));
  expect(found).toHaveLength(1);
  return found[0]?.[1].Properties;
}

const bucketPolicy = () => propertiesOf('AWS::S3::BucketPolicy', 'auditarchive').PolicyDocument.Statement;

describe('the archive’s bucket', () => {
  it('stores all versions of objects encrypted for 400 days, without public access', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        ObjectLockEnabled: true,
        ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 400 } } },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: Match.anyValue() } },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
  });

  it('uses the configured lock and retention', () => {
    const strict = synthesize('archive = { retention = "3650d", lock = "compliance" }');
    strict.hasResourceProperties('AWS::S3::Bucket', {
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 3650 } } },
    });
  });

  it('expires events after their retention, and never digests', () => {
    const { Rules } = propertiesOf('AWS::S3::Bucket', 'auditarchive').LifecycleConfiguration;
    const expiring = Rules.filter((rule: object) => 'ExpirationInDays' in rule);
    expect(expiring).toMatchObject([{ Prefix: 'events/', ExpirationInDays: 400 }]);
  });

  it('requires TLS, except in an emulator', () => {
    const tls = Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } });
    const policies = { PolicyDocument: { Statement: Match.arrayWith([tls]) } };
    template.hasResourceProperties('AWS::S3::BucketPolicy', policies);
    const local = synthesize('emulator = { api_id = "x" }');
    expect(local.findResources('AWS::S3::BucketPolicy', { Properties: policies })).toEqual({});
  });

  it.each([
    ['events/*', 'archiveaudit'],
    ['digests/*', 'digestaudit'],
  ])('accepts %s from one function only', (names, role) => {
    const deny = bucketPolicy().find(
      ({ Action, Resource }: { Action: unknown; Resource: unknown }) =>
        Action === 's3:PutObject' && JSON.stringify(Resource).includes(`/${names}`),
    );
    expect(deny).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' } });
    expect(JSON.stringify(deny.Condition.ArnNotLike)).toContain(`${role}role`);
    expect(JSON.stringify(deny.Condition.ArnNotLike)).toContain('assumed-role');
  });

  it('denies delete markers to everybody, so that no digest can be hidden and replaced', () => {
    const deny = bucketPolicy().find(({ Action }: { Action: unknown }) => Action === 's3:DeleteObject');
    expect(deny).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' } });
    expect(deny).not.toHaveProperty('Condition');
    expect(JSON.stringify(deny.Resource)).toMatch(/\/digests\/\*.*\/events\/\*/);
  });

  it('denies replicated objects and delete markers from everybody', () => {
    const deny = bucketPolicy().find(({ Sid }: { Sid?: string }) => Sid === 'NobodyReplicatesIntoIt');
    expect(deny).toMatchObject({
      Effect: 'Deny',
      Principal: { AWS: '*' },
      Action: ['s3:ReplicateDelete', 's3:ReplicateObject'],
    });
    expect(deny).not.toHaveProperty('Condition');
    expect(JSON.stringify(deny.Resource)).toMatch(/\/digests\/\*.*\/events\/\*/);
  });

  it('lets those functions write only their own prefixes, and no function remove anything', () => {
    const named = (useCase: string, action: string) =>
      statementsOf(template, useCase)
        .filter(({ Action }) => Action.includes(action))
        .map(({ Resource }) => JSON.stringify(Resource).match(/\/(\w+\/\*)/)?.[1]);
    expect(named('archive-audit', 's3:PutObject')).toEqual(['events/*']);
    expect(named('digest-audit', 's3:PutObject')).toEqual(['digests/*']);
    const everything = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(everything).not.toMatch(/s3:(Delete|Bypass|PutObjectRetention|PutObjectLegalHold)/);
  });
});

describe('the stream', () => {
  const mappings = Object.values(template.findResources('AWS::Lambda::EventSourceMapping')).filter(
    ({ Properties }) => Properties.StartingPosition !== undefined,
  );

  it('has two readers, the maximum for a shard, which are invoked only for items with audit events', () => {
    expect(mappings).toHaveLength(2);
    for (const { Properties } of mappings) {
      const [{ Pattern }] = Properties.FilterCriteria.Filters;
      expect(JSON.parse(Pattern)).toEqual({
        eventName: ['INSERT', 'MODIFY'],
        dynamodb: { Keys: { sk: { S: ['RECORD', 'ORDER', { prefix: 'FACT#' }, { prefix: 'INTROSPECTED#' }] } } },
      });
    }
  });

  it('is archived in whole batches, which are retried until they succeed or expire from the stream', () => {
    const archiver = mappings.find(({ Properties }) =>
      JSON.stringify(Properties.FunctionName).includes('archiveaudit'),
    );
    expect(archiver?.Properties).toMatchObject({
      BatchSize: 1_000,
      MaximumBatchingWindowInSeconds: 60,
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: false,
      StartingPosition: 'TRIM_HORIZON',
      DestinationConfig: { OnFailure: { Destination: expect.anything() } },
    });
    expect(archiver?.Properties).not.toHaveProperty('MaximumRetryAttempts');
    expect(archiver?.Properties).not.toHaveProperty('MaximumRecordAgeInSeconds');
    expect(archiver?.Properties).not.toHaveProperty('FunctionResponseTypes');
  });

  it('lets the archiver write only the archive’s items', () => {
    const puts = statementsOf(template, 'archive-audit').filter(({ Action }) => Action.includes('dynamodb:PutItem'));
    expect(puts.map(({ Condition }) => Condition)).toEqual([
      { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['ARCHIVE'] } },
    ]);
  });
});

it('makes digests some minutes after each hour, signed with a key that signs nothing else', () => {
  template.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(5 * * * ? *)' });
  const slow = synthesize('archive_window = "5m"');
  slow.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(9 * * * ? *)' });
  const key = propertiesOf('AWS::KMS::Key', 'auditkey');
  expect(key.Description).toContain('audit digests');
  const deny = key.KeyPolicy.Statement.find(({ Effect }: { Effect: string }) => Effect === 'Deny');
  expect(deny).toMatchObject({ Action: 'kms:Sign', Principal: { AWS: '*' } });
  expect(JSON.stringify(deny.Condition)).toContain('digestauditrole');
});
