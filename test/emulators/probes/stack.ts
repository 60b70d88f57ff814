import { eventually } from '../../support/eventually.ts';
import { type At, cloudFormation, fresh } from './tools.ts';

/** The resources in the stack of the probes. */
export interface ProbeStack {
  table: string;
  bucket: string;
  dashboard: string;
  /** A bus with a resource policy that denies everybody to put events on it. */
  closedBus: string;
  /** The function that always fails, its configured log group, and the URL of an API that invokes it. */
  function: string;
  logGroup: string;
  url: string;
}

/** The function's error message. */
export const OWN_WORDS = 'said by the probe itself';

let made: Promise<ProbeStack> | undefined;

/** Returns a stack with the template features that emulators omit. It is deployed once. */
export function probeStack(at: At): Promise<ProbeStack> {
  made ??= deployed(at);
  return made;
}

async function deployed(at: At): Promise<ProbeStack> {
  const name = fresh();
  const { status, outputs } = await deployTemplate(at, template(name));
  if (status !== 'CREATE_COMPLETE') throw new Error(`the stack of the probes is ${status}`);
  const url = `${at.target.endpoint}/restapis/${outputs.Api}/probe/_user_request_/`;
  return {
    table: name,
    bucket: name,
    dashboard: name,
    closedBus: name,
    function: name,
    logGroup: `/probes/${name}`,
    url,
  };
}

/** Deploys a template with CloudFormation itself, without the CDK. */
export async function deployTemplate(at: At, template: object) {
  const StackName = fresh();
  await cloudFormation(at, {
    Action: 'CreateStack',
    StackName,
    TemplateBody: JSON.stringify(template),
    'Capabilities.member.1': 'CAPABILITY_NAMED_IAM',
  });
  return eventually(async () => {
    const xml = await cloudFormation(at, { Action: 'DescribeStacks', StackName });
    const status = /<StackStatus>(\w+)</.exec(xml)?.[1] ?? 'not there';
    if (status.endsWith('_IN_PROGRESS')) throw new Error(`the stack is ${status}`);
    const outputs = xml.matchAll(/<OutputKey>(\w+)<\/OutputKey>\s*<OutputValue>([^<]*)</g);
    return { status, outputs: Object.fromEntries([...outputs].map(([, key, value]) => [key, value])) };
  });
}

function template(name: string): object {
  const ref = (Ref: string) => ({ Ref });
  const get = (of: string, attribute: string) => ({ 'Fn::GetAtt': [of, attribute] });
  const trust = { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation’s own.
  const bus = { 'Fn::Sub': `arn:aws:events:${'${AWS::Region}:${AWS::AccountId}'}:event-bus/${name}` };
  const closed = { Sid: 'closed', Effect: 'Deny', Principal: '*', Action: 'events:PutEvents', Resource: bus };
  const logs = { Effect: 'Allow', Action: 'logs:*', Resource: '*' };
  const resources: Record<string, [type: string, properties: object, dependsOn?: string]> = {
    Table: [
      'AWS::DynamoDB::Table',
      {
        TableName: name,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      },
    ],
    Bucket: [
      'AWS::S3::Bucket',
      {
        BucketName: name,
        ObjectLockEnabled: true,
        ObjectLockConfiguration: {
          ObjectLockEnabled: 'Enabled',
          Rule: { DefaultRetention: { Mode: 'GOVERNANCE', Days: 1 } },
        },
      },
    ],
    Dashboard: ['AWS::CloudWatch::Dashboard', { DashboardName: name, DashboardBody: '{"widgets":[]}' }],
    Bus: ['AWS::Events::EventBus', { Name: name, Policy: { Version: '2012-10-17', Statement: [closed] } }],
    Logs: ['AWS::Logs::LogGroup', { LogGroupName: `/probes/${name}`, RetentionInDays: 1 }],
    Role: [
      'AWS::IAM::Role',
      {
        RoleName: name,
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [trust] },
        Policies: [{ PolicyName: 'logs', PolicyDocument: { Version: '2012-10-17', Statement: [logs] } }],
      },
    ],
    Function: [
      'AWS::Lambda::Function',
      {
        FunctionName: name,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: get('Role', 'Arn'),
        LoggingConfig: { LogGroup: ref('Logs') },
        Code: {
          ZipFile: `exports.handler = async () => { console.log('${OWN_WORDS}'); throw new Error('${OWN_WORDS}'); };`,
        },
      },
    ],
    Api: ['AWS::ApiGateway::RestApi', { Name: name }],
    Method: [
      'AWS::ApiGateway::Method',
      {
        RestApiId: ref('Api'),
        ResourceId: get('Api', 'RootResourceId'),
        HttpMethod: 'GET',
        AuthorizationType: 'NONE',
        Integration: {
          Type: 'AWS_PROXY',
          IntegrationHttpMethod: 'POST',
          Uri: {
            // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation’s own.
            'Fn::Sub': 'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations',
          },
        },
      },
    ],
    Deployment: ['AWS::ApiGateway::Deployment', { RestApiId: ref('Api') }, 'Method'],
    Stage: ['AWS::ApiGateway::Stage', { RestApiId: ref('Api'), DeploymentId: ref('Deployment'), StageName: 'probe' }],
    Permission: [
      'AWS::Lambda::Permission',
      { Action: 'lambda:InvokeFunction', FunctionName: ref('Function'), Principal: 'apigateway.amazonaws.com' },
    ],
  };
  return {
    Resources: Object.fromEntries(
      Object.entries(resources).map(([id, [Type, Properties, DependsOn]]) => [id, { Type, Properties, DependsOn }]),
    ),
    Outputs: { Api: { Value: ref('Api') } },
  };
}
