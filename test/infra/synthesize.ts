import { readFileSync } from 'node:fs';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { parseConfig } from '#lib/config/config.ts';
import { TvmStack } from '#lib/tvm-stack.ts';
import { policyBundle, SCHEMA } from '../fakes/policies.ts';

/** A configuration with every part of the API: push and poll receivers, and a transmitter. */
export const EVERYTHING = `
  revocation_sources = ["security.team"]
  trusted_accounts = ["444455556666"]
  [[security_event_receivers]]
  name = "gateway"
  url = "https://gateway.example.com/security-events"
  audience = "https://gateway.example.com"
  [[security_event_receivers]]
  name = "proxy"
  delivery = "poll"
  principal = "arn:aws:iam::111122223333:role/proxy"
  audience = "proxy"
  [[trusted_transmitters]]
  issuer = "https://idp.example.com/"
  jwks_uri = "https://idp.example.com/jwks.json"
  audience = "https://tokens.example.com"
`;

/** Policy files with a trust entry, so that proofs of another issuer get tokens. */
export const FEDERATED = {
  'schema.cedarschema': SCHEMA,
  'trust.yaml': 'pods: { oidc: { issuer: https://pods.example.com } }',
};

const { context } = JSON.parse(readFileSync('cdk.json', 'utf8'));

/** Creates an app with the settings of the CDK CLI. */
function newApp(): App {
  return new App({ context });
}

const templates = new Map<string, Template>();

/** Synthesizes the template of a configuration and policies. Templates are cached, so tests must not change them. */
export function synthesize(toml = '', cedar = '', files: Record<string, string> = {}): Template {
  const key = JSON.stringify([toml, cedar, files]);
  const template = templates.get(key) ?? Template.fromStack(stackOf(newApp(), toml, cedar, files));
  templates.set(key, template);
  return template;
}

/** Synthesizes with cdk-nag's AwsSolutions rules. @throws if a rule is broken without an explanation */
export function synthesizeWithRules(toml = '', files: Record<string, string> = {}): void {
  const app = newApp();
  stackOf(app, toml, '', files);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth({ force: true });
}

function stackOf(app: App, toml: string, cedar = '', files: Record<string, string> = {}): TvmStack {
  const config = parseConfig(toml, 'config/test.toml');
  return new TvmStack(app, 'Tvm', {
    config,
    policyBundle: policyBundle(cedar, files),
    authorizerFiles: { 'conditions.json': '[]' },
  });
}

/** The methods of the API, such as `GET /tokens/{id}`, and whether unsigned calls are allowed. */
export function methodsOf(template: Template): { call: string; open: boolean }[] {
  const resources = template.findResources('AWS::ApiGateway::Resource');
  const pathOf = ({ Ref = '' }: { Ref?: string }): string => {
    const { ParentId, PathPart } = resources[Ref]?.Properties ?? {};
    return PathPart === undefined ? '' : `${pathOf(ParentId)}/${PathPart}`;
  };
  return Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => ({
    call: `${Properties.HttpMethod} ${pathOf(Properties.ResourceId)}`,
    open: Properties.AuthorizationType !== 'AWS_IAM',
  }));
}

interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource?: unknown;
  Principal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** The IAM policy statements of a use case's role, with their actions as arrays. */
export function statementsOf(template: Template, useCase: string): (Statement & { Action: string[] })[] {
  const ofRole = new RegExp(`${useCase.replaceAll('-', '')}role[0-9A-F]{8}$`);
  const role = Object.keys(template.findResources('AWS::IAM::Role')).find((id) => ofRole.test(id));
  const policies = Object.values(template.findResources('AWS::IAM::Policy')).filter(({ Properties }) =>
    Properties.Roles.some((attached: { Ref?: string }) => attached.Ref === role),
  );
  return policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement).map(withArray);
}

function withArray(statement: Statement): Statement & { Action: string[] } {
  return { ...statement, Action: [statement.Action].flat() };
}
