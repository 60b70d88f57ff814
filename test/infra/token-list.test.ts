import { describe, expect, it } from 'vitest';
import { statementsOf, synthesize } from './synthesize.ts';

const template = synthesize('revocation_sources = ["security.team"]');

/** The DynamoDB operations that a function may call, and the partition keys or indexes. */
function mayCall(useCase: string) {
  return statementsOf(template, useCase)
    .filter(({ Action }) => Action.some((action) => action.startsWith('dynamodb:')))
    .map(({ Action, Resource, Condition }) => ({
      operations: Action.map((action) => action.replace('dynamodb:', '')),
      keys: [Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? []].flat(),
      index: /index\/([\w-]+)/.exec(JSON.stringify(Resource))?.[1],
    }));
}

it('no role of the stack may scan the table', () => {
  const policies = Object.values({
    ...template.findResources('AWS::IAM::Policy'),
    ...template.findResources('AWS::IAM::ManagedPolicy'),
  });
  const allowed = policies.flatMap(({ Properties }) =>
    Properties.PolicyDocument.Statement.flatMap(({ Effect, Action }: { Effect: string; Action: string | string[] }) =>
      Effect === 'Allow' ? Action : [],
    ),
  );
  expect(allowed).toContain('dynamodb:Query');
  expect(allowed.filter((action) => /^dynamodb:(.*\*|Scan|PartiQL)/i.test(action) || action === '*')).toEqual([]);
});

describe('list-tokens', () => {
  it('reads tokens, index entries and the expiry index, and writes nothing', () => {
    expect(mayCall('list-tokens')).toEqual([
      { operations: ['BatchGetItem', 'GetItem'], keys: ['TOKEN#*'], index: undefined },
      { operations: ['Query'], keys: ['BY#*', 'TOKEN#*'], index: undefined },
      { operations: ['Query'], keys: [], index: 'by-expiry' },
    ]);
  });

  it('is the only function that computes the MAC of cursors', () => {
    const [key] = Object.values(
      template.findResources('AWS::KMS::Key', { Properties: { KeyUsage: 'GENERATE_VERIFY_MAC' } }),
    );
    expect(key?.Properties.KeySpec).toBe('HMAC_256');
    const deny = key?.Properties.KeyPolicy.Statement.find(({ Effect }: { Effect: string }) => Effect === 'Deny');
    expect(deny).toMatchObject({ Action: 'kms:GenerateMac', Principal: { AWS: '*' } });
    expect(JSON.stringify(deny.Condition.ArnNotLike)).toMatch(/listtokensrole/i);
  });
});

it('index-tokens reads records, writes and deletes index entries, and accesses nothing else', () => {
  expect(mayCall('index-tokens')).toEqual([
    { operations: ['BatchGetItem'], keys: ['TOKEN#*'], index: undefined },
    { operations: ['BatchWriteItem'], keys: ['BY#*'], index: undefined },
  ]);
});

it('denials have their own queue with less concurrency than tokens', () => {
  const mappings = Object.values(template.findResources('AWS::Lambda::EventSourceMapping'));
  const concurrency = ['indextokensqueue', 'indexdenialsqueue'].map((queue) => {
    const [mapping] = mappings.filter(({ Properties }) => JSON.stringify(Properties).includes(queue));
    return mapping?.Properties.ScalingConfig.MaximumConcurrency;
  });
  expect(concurrency).toEqual([10, 2]);
});
