import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EVERYTHING, synthesize } from './synthesize.ts';

type Template = ReturnType<typeof synthesize>;

/**
 * Converts a template value to a string, with references as `<Ref>` and `<GetAtt.Arn>`, so that values can be compared.
 */
function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::GetAtt': attribute, 'Fn::Join': join } = value as Record<string, unknown>;
  if (typeof Ref === 'string') return `<${Ref}>`;
  if (Array.isArray(attribute)) return `<${attribute.join('.')}>`;
  if (Array.isArray(join)) return (join[1] as unknown[]).map(plain).join(String(join[0]));
  throw new Error(`not a text: ${JSON.stringify(value)}`);
}

/** The functions behind the API, by logical id, each with the methods that invoke it. */
function behindTheApi(template: Template): Map<string, string[]> {
  const resources = template.findResources('AWS::ApiGateway::Resource');
  const pathOf = ({ Ref = '' }: { Ref?: string }): string => {
    const { ParentId, PathPart } = resources[Ref]?.Properties ?? {};
    return PathPart === undefined ? '' : `${pathOf(ParentId)}/${PathPart}`;
  };
  const calls = new Map<string, string[]>();
  for (const { Properties } of Object.values(template.findResources('AWS::ApiGateway::Method'))) {
    expect(Properties.Integration).toMatchObject({ Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST' });
    const [, id = ''] =
      /:lambda:path\/2015-03-31\/functions\/<(\w+)\.Arn>\/invocations$/.exec(plain(Properties.Integration.Uri)) ?? [];
    expect(id).not.toBe('');
    const call = `${Properties.HttpMethod}${pathOf(Properties.ResourceId).replaceAll(/\{\w+\}/g, '*')}`;
    calls.set(id, [...(calls.get(id) ?? []), call]);
  }
  return calls;
}

/** The resource policies of functions, by the function's logical id. */
function policies(template: Template) {
  const found = Object.values(template.findResources('AWS::Lambda::ResourcePolicy'));
  const named = found.map((policy) => [policy.Properties.ResourceArn['Fn::GetAtt'][0], policy] as const);
  // At most one per function, since a second one would replace the first.
  expect(new Set(named.map(([id]) => id)).size).toBe(named.length);
  return new Map(named);
}

describe.each([
  ['by default', ''],
  ['with everything that the configuration can add', EVERYTHING],
])('%s, a function behind the API', (_, toml) => {
  const template = synthesize(toml);
  const calls = behindTheApi(template);

  it('can be invoked only by its own methods', () => {
    expect(calls.size).toBeGreaterThan(10);
    expect([...policies(template).keys()].sort()).toEqual([...calls.keys()].sort());
    const [api] = Object.keys(template.findResources('AWS::ApiGateway::RestApi'));
    for (const [id, policy] of policies(template)) {
      const own = (calls.get(id) ?? []).map(
        (call) => `arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<${api}>/v1/${call}`,
      );
      const [allow, deny, ...more] = policy.Properties.PolicyDocument.Statement;
      expect(more).toEqual([]);
      for (const { Resource } of [allow, deny]) expect(Resource.map(plain)).toEqual([`<${id}.Arn>`, `<${id}.Arn>:*`]);
      expect(allow).toMatchObject({
        Effect: 'Allow',
        Principal: { Service: 'apigateway.amazonaws.com' },
        Action: 'lambda:InvokeFunction',
      });
      expect(deny).toMatchObject({
        Effect: 'Deny',
        Principal: '*',
        Action: ['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'],
      });
      const sourceArns = (condition: Record<string, { 'aws:SourceArn': unknown }>, operator: string) => {
        expect(Object.keys(condition)).toEqual([operator]);
        return [condition[operator]?.['aws:SourceArn']].flat().map(plain).sort();
      };
      expect(sourceArns(allow.Condition, 'ArnLike')).toEqual(own.sort());
      expect(sourceArns(deny.Condition, 'ArnNotLike')).toEqual(own.sort());
    }
  });

  it('has no Lambda permission in addition to the policy, since they would overwrite each other', () => {
    const permitted = Object.values(template.findResources('AWS::Lambda::Permission')).map(
      ({ Properties }) => plain(Properties.FunctionName).match(/\w+/)?.[0] ?? '',
    );
    expect(permitted.filter((id) => calls.has(id))).toEqual([]);
    expect(JSON.stringify(template.findResources('AWS::Lambda::Permission'))).not.toContain('apigateway');
  });

  it('has no other event source, which the policy would deny', () => {
    const mapped = Object.values(template.findResources('AWS::Lambda::EventSourceMapping')).map(
      ({ Properties }) => plain(Properties.FunctionName).match(/\w+/)?.[0] ?? '',
    );
    const targeted = Object.values(template.findResources('AWS::Events::Rule')).flatMap(({ Properties }) =>
      (Properties.Targets ?? []).map(({ Arn }: { Arn: unknown }) => plain(Arn).match(/\w+/)?.[0] ?? ''),
    );
    expect([...mapped, ...targeted].filter((id) => calls.has(id))).toEqual([]);
  });

  it('retains its policy when a deployment is rolled back, so that the API can still invoke it', () => {
    for (const policy of policies(template).values()) {
      expect(policy).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    }
  });
});

it('deploys emulators without this resource type, which they do not support', () => {
  const template = synthesize(readFileSync('config/local.toml', 'utf8'));
  template.resourceCountIs('AWS::Lambda::ResourcePolicy', 0);
  expect(behindTheApi(template).size).toBeGreaterThan(10);
});
