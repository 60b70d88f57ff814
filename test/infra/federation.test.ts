import { expect, it } from 'vitest';
import { FEDERATED, methodsOf, statementsOf, synthesize, synthesizeWithRules } from './synthesize.ts';

const template = synthesize('', '', FEDERATED);
const plain = synthesize();

function functionOf(of: typeof template, useCase: string) {
  return Object.values(of.findResources('AWS::Lambda::Function')).find(
    ({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME === useCase,
  );
}

it('proofs get tokens on one open path, and only if there are trust entries', () => {
  const open = methodsOf(template).filter((method) => !methodsOf(plain).some(({ call }) => call === method.call));
  expect(open).toEqual([{ call: 'POST /federation/token', open: true }]);
  expect(functionOf(plain, 'exchange-token')).toBeUndefined();
  expect(statementsOf(plain, 'issue-token').filter(({ Action }) => Action.includes('kms:Sign'))).toHaveLength(1);
});

it('the open path has its own throttle, so that a flood of proofs leaves capacity for signed requests', () => {
  const settings = Object.values(template.findResources('AWS::ApiGateway::Stage'))[0]?.Properties.MethodSettings;
  const own = settings.filter(({ ResourcePath }: { ResourcePath: string }) => ResourcePath === '/~1federation~1token');
  expect(own).toMatchObject([
    { HttpMethod: 'POST', ThrottlingRateLimit: 20, ThrottlingBurstLimit: 40, DataTraceEnabled: false },
  ]);
});

it('the open path stays open if other accounts are trusted, because the API then has a resource policy', () => {
  const policyOf = (files?: typeof FEDERATED) => {
    const api = synthesize('trusted_accounts = ["444455556666"]', '', files).findResources('AWS::ApiGateway::RestApi');
    const statements: { Sid: string; Resource: string[] }[] = Object.values(api)[0]?.Properties.Policy.Statement;
    return statements.flatMap(({ Sid, Resource }) => [Resource].flat().map((resource) => `${Sid} ${resource}`));
  };
  expect(policyOf(FEDERATED).filter((call) => !policyOf().includes(call))).toEqual([
    'OpenPathsAreOpen execute-api:/v1/POST/federation/token',
  ]);
});

it('the function has the settings of issue-token, and reaches no private address of an issuer', () => {
  const { Environment, MemorySize } = functionOf(template, 'exchange-token')?.Properties ?? {};
  const issuing = functionOf(template, 'issue-token')?.Properties;
  const { POWERTOOLS_SERVICE_NAME: _, PRIVATE_ISSUERS, ...shared } = Environment.Variables;
  expect(issuing?.Environment.Variables).toMatchObject(shared);
  expect([MemorySize, PRIVATE_ISSUERS]).toEqual([issuing?.MemorySize, '']);
});

it('only an emulator has issuers on this computer', () => {
  const local = synthesize('emulator = { api_id = "tvm-local" }', '', FEDERATED);
  const { Environment } = functionOf(local, 'exchange-token')?.Properties ?? {};
  expect(Environment.Variables.PRIVATE_ISSUERS).toBe('localhost,127.0.0.1');
});

it('the key is signed with by both issuing functions, and denied to everybody else', () => {
  const keys = Object.entries(template.findResources('AWS::KMS::Key')).filter(([id]) => id.startsWith('signingkey'));
  const denied = keys.flatMap(([, { Properties }]) =>
    Properties.KeyPolicy.Statement.filter(({ Effect }: { Effect: string }) => Effect === 'Deny'),
  );
  expect(JSON.stringify(denied)).toMatch(/issuetokenrole.*exchangetokenrole/);
});

it('the stack breaks no rule of cdk-nag', () => {
  expect(() => synthesizeWithRules('', FEDERATED)).not.toThrow();
});
